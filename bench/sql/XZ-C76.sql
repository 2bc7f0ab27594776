-- hand-written, for DuckDB: hits of XZ-C76 with the amount of each row in fen
WITH u AS (SELECT l.institution, l.id, l.person, l.prescription, l.item, l.quantity, l.days_supplied FROM lines l
  WHERE l.live AND l.date >= 18748 AND l.category = 'piece' AND l.prescription IS NOT NULL),
m AS (SELECT person, institution, prescription, COUNT(DISTINCT item) AS pieces, SUM(quantity) AS weight FROM u GROUP BY ALL)
SELECT u.institution, u.id, '' AS kp_id, 0 AS amount FROM u JOIN m USING (person, institution, prescription) WHERE m.pieces > 25 OR m.weight > u.days_supplied * 300

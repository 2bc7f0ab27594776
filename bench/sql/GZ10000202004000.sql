-- hand-written, for DuckDB: hits of GZ10000202004000 with the amount of each row in fen
WITH u AS (SELECT l.institution, l.id, l.person, l.prescription, l.item FROM lines l
  WHERE l.live AND l.date >= 18748 AND l.category IN ('western', 'patent') AND l.prescription IS NOT NULL AND l.kind <> 'inpatient'),
m AS (SELECT person, institution, prescription FROM u GROUP BY ALL HAVING COUNT(DISTINCT item) > 5)
SELECT u.institution, u.id, '' AS kp_id, 0 AS amount FROM u JOIN m USING (person, institution, prescription)

-- hand-written, for DuckDB: hits of GZ10000301006000 with the amount of each row in fen
WITH u AS (SELECT l.institution, l.id, l.person, l.substance, l.encounter, l.date, l.time, l.use_end, l.amount
  FROM lines l WHERE l.live AND l.date >= 18748 AND l.substance IS NOT NULL AND l.days_supplied IS NOT NULL)
SELECT u.institution, u.id, '' AS kp_id, ANY_VALUE(u.amount) AS amount
FROM u JOIN u o ON o.person = u.person AND o.substance = u.substance AND o.encounter <> u.encounter
  AND (o.time, o.institution, o.id) < (u.time, u.institution, u.id)
WHERE LEAST(o.use_end, u.use_end) - u.date + 1 > 7
GROUP BY u.institution, u.id

-- hand-written, for DuckDB: hits of GZ10000102010000 with the amount of each row in fen
WITH u AS (
  SELECT l.institution, l.id, l.person, l.date, l.time, l.amount, k.kp_id, k.course_mode, k.course_days, k.course_months
  FROM lines l JOIN point_items k ON k.class_no = 23 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748),
g AS (SELECT *, date - LAG(date) OVER w > 14 AS gap FROM u WINDOW w AS (PARTITION BY person, kp_id ORDER BY time, institution, id)),
c AS (SELECT *, SUM(CASE WHEN gap THEN 1 ELSE 0 END) OVER (PARTITION BY person, kp_id ORDER BY time, institution, id ROWS UNBOUNDED PRECEDING) AS course FROM g),
d AS (SELECT *, DENSE_RANK() OVER (PARTITION BY person, kp_id, course ORDER BY date) AS days, MIN(date) OVER (PARTITION BY person, kp_id, course) AS first FROM c)
SELECT institution, id, kp_id, amount FROM d
WHERE (course_mode = 'days' AND days > course_days) OR (course_mode = 'span' AND date - first + 1 > course_days)
   OR (course_mode = 'span' AND DATE_SUB('month', DATE '1970-01-01' + first::INT, DATE '1970-01-01' + date::INT) >= course_months)

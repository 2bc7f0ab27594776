-- hand-written, for DuckDB: hits of GZ10000102013000 with the amount of each row in fen
WITH u AS (
  SELECT l.*, k.kp_id, k.count_b, k.max_price, k.window AS win,
         CASE k.window WHEN 'day' THEN l.date::VARCHAR WHEN 'encounter' THEN l.encounter WHEN 'hour' THEN l.hour::VARCHAR END AS scope
  FROM lines l JOIN point_items k ON k.class_no = 26 AND k.code = l.item AND k.side = 'b' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748),
a AS (SELECT l.person, l.institution, l.date, l.encounter, l.hour, k.kp_id
  FROM lines l JOIN point_items k ON k.class_no = 26 AND k.side = 'a' AND k.code = l.item WHERE l.live),
f AS (SELECT person, institution, kp_id, scope FROM u WHERE scope IS NOT NULL GROUP BY ALL HAVING COUNT(DISTINCT item) >= MAX(count_b))
SELECT u.institution, u.id, u.kp_id, CASE WHEN u.max_price IS NULL THEN 0 ELSE u.amount END AS amount
FROM u JOIN f USING (person, institution, kp_id, scope)
WHERE u.settled AND NOT EXISTS (SELECT 1 FROM a WHERE a.kp_id = u.kp_id AND a.person = u.person AND a.institution = u.institution
  AND CASE u.win WHEN 'day' THEN a.date = u.date WHEN 'encounter' THEN a.encounter = u.encounter WHEN 'hour' THEN a.hour = u.hour END)

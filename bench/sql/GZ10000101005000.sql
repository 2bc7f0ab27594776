-- hand-written, for DuckDB: hits of GZ10000101005000 with the amount of each row in fen
WITH f AS (SELECT l.person, l.date, k.kp_id FROM lines l JOIN point_items k ON k.class_no = 5 AND k.side = 'b' AND k.code = l.item WHERE l.live)
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 5 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.settled AND l.date - 89 >= (SELECT earliest_date FROM store_info)
  AND NOT EXISTS (SELECT 1 FROM f WHERE f.kp_id = k.kp_id AND f.person = l.person AND f.date BETWEEN l.date - 89 AND l.date)

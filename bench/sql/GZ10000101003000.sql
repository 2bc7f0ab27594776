-- hand-written, for DuckDB: hits of GZ10000101003000 with the amount of each row in fen
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 3 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.category = 'piece'

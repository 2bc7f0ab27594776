-- hand-written, for DuckDB: hits of GZ10000102001000 with the amount of each row in fen
SELECT l.institution, l.id, COALESCE(k.kp_id, '') AS kp_id,
  (2 * (l.price - COALESCE(l.price_limit, k.max_price))::HUGEINT * l.quantity + 10000000000) // 20000000000 AS amount
FROM lines l LEFT JOIN point_items k ON k.class_no = 14 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.price > COALESCE(l.price_limit, k.max_price)
  AND NOT (l.price_limit IS NULL AND k.level IS NOT NULL AND l.level <> k.level)

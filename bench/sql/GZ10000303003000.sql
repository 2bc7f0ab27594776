-- hand-written, for DuckDB: hits of GZ10000303003000 with the amount of each row in fen
WITH u AS (
  SELECT l.institution, l.id, l.amount, l.quantity, k.kp_id, k.max_quantity,
         SUM(l.quantity) OVER (PARTITION BY l.person, l.institution, l.date, l.item, k.kp_id ORDER BY l.time, l.id ROWS UNBOUNDED PRECEDING)::BIGINT AS used
  FROM lines l JOIN point_items k ON k.class_no = 86 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748)
SELECT institution, id, kp_id, (2 * amount::HUGEINT * LEAST(quantity, used - max_quantity) + quantity) // (2 * quantity) AS amount
FROM u WHERE used > max_quantity

-- hand-written, for DuckDB: hits of XZ-C31 with the amount of each row in fen
WITH u AS (
  SELECT l.institution, l.id, l.person, l.date, l.time, l.amount, l.quantity, k.kp_id, k.max_quantity, k.per_days
  FROM lines l JOIN point_items k ON k.class_no = 31 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748),
w AS (SELECT u.institution, u.id, u.kp_id, ANY_VALUE(u.amount) AS amount, ANY_VALUE(u.quantity) AS quantity, ANY_VALUE(u.max_quantity) AS max_quantity, SUM(o.quantity)::BIGINT AS used
  FROM u JOIN u o ON o.person = u.person AND o.kp_id = u.kp_id AND o.date BETWEEN u.date - u.per_days + 1 AND u.date
    AND (o.time, o.institution, o.id) <= (u.time, u.institution, u.id)
  GROUP BY u.institution, u.id, u.kp_id)
SELECT institution, id, kp_id, (2 * amount::HUGEINT * LEAST(quantity, used - max_quantity) + quantity) // (2 * quantity) AS amount
FROM w WHERE used > max_quantity

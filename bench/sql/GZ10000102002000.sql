-- hand-written, for DuckDB: hits of GZ10000102002000 with the amount of each row in fen
WITH u AS (
  SELECT l.*, k.kp_id, k.surgery_group, k.discount FROM lines l JOIN point_items k ON k.class_no = 15 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748 AND k.surgery_group IS NOT NULL),
n AS (SELECT *, FIRST_VALUE(item) OVER (PARTITION BY person, institution, date, surgery_group
             ORDER BY price DESC NULLS LAST, amount DESC NULLS LAST, time, institution, id) AS dearest,
             MIN(item) OVER p AS lo, MAX(item) OVER p AS hi
      FROM u WINDOW p AS (PARTITION BY person, institution, date, surgery_group))
SELECT institution, id, kp_id, (2 * amount::HUGEINT * (1000000 - discount) + 1000000) // 2000000 AS amount FROM n
WHERE lo <> hi AND item <> dearest AND NOT (quantity <= discount
  OR amount <= (2 * COALESCE(price_limit, usual_price)::HUGEINT * discount + 10000000000) // 20000000000)

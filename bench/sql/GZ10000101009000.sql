-- hand-written, for DuckDB: hits of GZ10000101009000 with the amount of each row in fen
WITH c AS (
  SELECT l.*, CASE l.kind WHEN 'emergency' THEN 3 WHEN 'outpatient' THEN 30 WHEN 'chronic' THEN 84 WHEN 'pharmacy' THEN 30 ELSE 30 END * 1000000 AS allowed
  FROM lines l
  WHERE l.live AND l.date >= 18748 AND l.category IN ('western', 'patent') AND l.days_supplied IS NOT NULL
    AND (l.kind IN ('emergency', 'outpatient', 'chronic', 'pharmacy') OR l.taken_home)),
k AS (SELECT * FROM point_items WHERE class_no = 9 AND side = 'a')
SELECT l.institution, l.id, COALESCE(k.kp_id, '') AS kp_id,
       (2 * l.amount::HUGEINT * (l.days_supplied - COALESCE(k.max_days * 1000000, l.allowed)) + l.days_supplied) // (2 * l.days_supplied) AS amount
FROM c l LEFT JOIN k ON k.code = l.item AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.days_supplied > COALESCE(k.max_days * 1000000, l.allowed) AND NOT (l.quantity <= 1000000) AND (k.max_days IS NOT NULL OR l.kind IS NOT NULL)

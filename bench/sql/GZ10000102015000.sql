-- hand-written, for DuckDB: hits of GZ10000102015000 with the amount of each row in fen
WITH u AS (
  SELECT l.institution, l.id, l.in_scope, k.kp_id, k.max_amount,
         SUM(l.in_scope) OVER (PARTITION BY l.person, CASE k.per WHEN 'year' THEN '' ELSE l.institution END,
             CASE k.per WHEN 'encounter' THEN l.encounter WHEN 'year' THEN l.year::VARCHAR WHEN 'calendar_day' THEN l.date::VARCHAR END, k.kp_id
             ORDER BY l.time, l.institution, l.id ROWS UNBOUNDED PRECEDING)::BIGINT AS used
  FROM lines l JOIN point_items k ON k.class_no = 28 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000')) WHERE l.live AND l.date >= 18748 AND k.per IS NOT NULL)
SELECT institution, id, kp_id, CASE WHEN in_scope IS NULL THEN 0 ELSE LEAST(in_scope, used - max_amount) END AS amount FROM u WHERE used > max_amount

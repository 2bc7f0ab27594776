-- hand-written, for DuckDB: hits of GZ10000303001000 with the amount of each row in fen
WITH b AS (SELECT l.person, l.institution, l.date, l.encounter, l.hour, l.time, k.kp_id
  FROM lines l JOIN point_items k ON k.class_no = 84 AND k.side = 'b' AND k.code = l.item WHERE l.live)
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 84 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.settled AND k.window IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM b WHERE b.kp_id = k.kp_id AND b.person = l.person AND b.institution = l.institution
    AND CASE k.window WHEN 'day' THEN b.date = l.date WHEN 'encounter' THEN b.encounter = l.encounter WHEN 'hour' THEN b.hour = l.hour
        WHEN 'hours' THEN ABS(b.time - l.time) <= k.window_hours * 3600 END)

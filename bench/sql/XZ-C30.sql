-- hand-written, for DuckDB: hits of XZ-C30 with the amount of each row in fen
WITH a AS (SELECT l.person, l.institution, l.date, l.encounter, l.hour, l.time, k.kp_id
  FROM lines l JOIN point_items k ON k.class_no = 30 AND k.side = 'a' AND k.code = l.item WHERE l.live)
SELECT DISTINCT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 30 AND k.code = l.item AND k.side = 'b' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
JOIN a ON a.kp_id = k.kp_id AND a.person = l.person AND a.institution = l.institution
  AND CASE k.window WHEN 'day' THEN a.date = l.date WHEN 'encounter' THEN a.encounter = l.encounter WHEN 'hour' THEN a.hour = l.hour
      WHEN 'hours' THEN ABS(a.time - l.time) <= k.window_hours * 3600 END
WHERE l.live AND l.date >= 18748

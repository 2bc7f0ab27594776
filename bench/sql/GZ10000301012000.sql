-- hand-written, for DuckDB: hits of GZ10000301012000 with the amount of each row in fen
WITH o AS (SELECT l.person, l.institution, l.id, l.time, l.prescription, k.kp_id, k.side
  FROM lines l JOIN point_items k ON k.class_no = 75 AND k.code = l.item WHERE l.live)
SELECT DISTINCT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 75 AND k.code = l.item AND k.side IS NOT NULL AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
JOIN o ON o.kp_id = k.kp_id AND o.person = l.person AND o.institution = l.institution AND o.prescription = l.prescription AND o.side <> k.side AND (o.time, o.id) < (l.time, l.id)
WHERE l.live AND l.date >= 18748

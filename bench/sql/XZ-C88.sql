-- hand-written, for DuckDB: hits of XZ-C88 with the amount of each row in fen
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 88 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748
  AND EXISTS (SELECT 1 FROM diagnoses d WHERE d.person = l.person AND d.encounter = l.encounter)
  AND EXISTS (SELECT 1 FROM point_codes q WHERE q.kp_id = k.kp_id AND q.role = 'b')
  AND NOT EXISTS (SELECT 1 FROM diagnoses d JOIN point_codes q ON q.kp_id = k.kp_id AND q.role = 'b'
                    AND (d.code = q.code OR (q.is_prefix AND starts_with(d.code, q.code)))
                  WHERE d.person = l.person AND d.encounter = l.encounter)

-- hand-written, for DuckDB: hits of GZ10000102009000 with the amount of each row in fen
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 22 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND CASE k.encounter WHEN '住院' THEN l.kind <> 'inpatient' WHEN '急诊或住院' THEN l.kind NOT IN ('inpatient', 'emergency')
  WHEN '门诊' THEN l.kind NOT IN ('outpatient', 'emergency', 'chronic') WHEN '门慢特' THEN l.kind <> 'chronic' END

-- hand-written, for DuckDB: hits of GZ10000101004000 with the amount of each row in fen
SELECT l.institution, l.id, k.kp_id, l.amount AS amount
FROM lines l JOIN point_items k ON k.class_no = 4 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.prescription IS NOT NULL AND l.settled
  AND NOT EXISTS (SELECT 1 FROM lines o WHERE o.live AND o.person = l.person AND o.institution = l.institution AND o.prescription = l.prescription AND (o.category = 'piece' OR o.category IS NULL)
    AND NOT EXISTS (SELECT 1 FROM point_items p WHERE p.class_no = 4 AND p.code = o.item AND p.side = 'a' AND o.date >= p.start AND (p.end_ IS NULL OR o.date <= p.end_)
      AND (p.region = '' OR p.region IN (o.region, o.region[:4] || '00', o.region[:2] || '0000')) AND o.date >= 18748))

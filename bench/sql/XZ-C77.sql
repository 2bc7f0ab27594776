-- hand-written, for DuckDB: hits of XZ-C77 with the amount of each row in fen
SELECT l.institution, l.id, k.kp_id, (2 * l.amount::HUGEINT * (l.quantity - (2 * l.days_supplied::HUGEINT * k.max_daily_dose + 1000000) // 2000000) + l.quantity) // (2 * l.quantity) AS amount
FROM lines l JOIN point_items k ON k.class_no = 77 AND k.code = l.item AND k.side = 'a' AND l.date >= k.start AND (k.end_ IS NULL OR l.date <= k.end_) AND (k.region = '' OR k.region IN (l.region, l.region[:4] || '00', l.region[:2] || '0000'))
WHERE l.live AND l.date >= 18748 AND l.quantity > (2 * l.days_supplied::HUGEINT * k.max_daily_dose + 1000000) // 2000000

-- hand-written, for DuckDB: hits of XZ-ST-001 with the amount of each row in fen
SELECT DISTINCT l.institution, l.id, '' AS kp_id, l.amount AS amount
FROM lines l JOIN encounters e ON e.person = l.person AND e.institution <> l.institution AND l.date > e.begin_date AND l.date < e.end_date
WHERE l.live AND l.date >= 18748 AND e.live AND e.kind = 'inpatient'

-- hand-written, for DuckDB: hits of GZ10000201001000 with the amount of each row in fen
SELECT e.institution, e.id, '' AS kp_id, 0 AS amount FROM encounters e
WHERE e.live AND e.kind = 'inpatient' AND e.settled AND e.end_date IS NOT NULL AND e.begin_date >= 18748 AND e.main_diagnosis IS NULL

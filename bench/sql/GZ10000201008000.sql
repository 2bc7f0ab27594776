-- hand-written, for DuckDB: hits of GZ10000201008000 with the amount of each row in fen
SELECT l.institution, l.id, '' AS kp_id, l.amount AS amount FROM lines l WHERE l.live AND l.date >= 18748 AND l.kind = 'inpatient' AND (l.date < l.begin_date OR l.date > l.end_date)

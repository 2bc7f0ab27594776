-- hand-written, for DuckDB: hits of XZ-DQ-001 with the amount of each row in fen
SELECT l.institution, l.id, '' AS kp_id, 0 AS amount FROM lines l WHERE l.date >= 18748 AND l.refund IN ('unlinked', 'foreign')

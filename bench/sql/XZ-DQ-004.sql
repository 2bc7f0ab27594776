-- hand-written, for DuckDB: hits of XZ-DQ-004 with the amount of each row in fen
SELECT l.institution, l.id, '' AS kp_id, 0 AS amount FROM lines l WHERE l.date >= 18748 AND l.refund = '' AND l.billed_quantity = 0 AND l.billed_amount <> 0

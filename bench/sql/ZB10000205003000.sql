-- hand-written, for DuckDB: hits of ZB10000205003000 with the amount of each row in fen
SELECT m.institution, m.institution || '@' || m.month AS id, '' AS kp_id, 0 AS amount FROM months m WHERE m.date >= 18748 AND m.stays >= 20 AND m.consumables * 100 > m.fees * 50

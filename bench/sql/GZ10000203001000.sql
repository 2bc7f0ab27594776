-- hand-written, for DuckDB: hits of GZ10000203001000 with the amount of each row in fen
SELECT s.institution, s.item || '@' || s.month AS id, '' AS kp_id, s.value AS amount FROM stock s WHERE s.date >= 18748 AND s.category = 'consumable' AND s.shortfall * 100 > s.billed * 5 AND s.value > 100000

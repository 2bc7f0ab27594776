-- hand-written, for DuckDB: hits of XZ-ST-002 with the amount of each row in fen
SELECT l.institution, l.id, '' AS kp_id, l.amount AS amount FROM lines l WHERE l.live AND l.date >= 18748 AND l.date > l.death_date

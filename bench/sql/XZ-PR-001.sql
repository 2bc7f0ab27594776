-- hand-written, for DuckDB: hits of XZ-PR-001 with the amount of each row in fen
SELECT l.institution, l.id, '' AS kp_id, l.amount AS amount FROM lines l WHERE l.live AND l.date >= 18748 AND l.doctor IS NOT NULL AND NOT l.qualified

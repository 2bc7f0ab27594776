-- hand-written, for DuckDB: hits of XZ-TR-001 with the amount of each row in fen
WITH s AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY trace ORDER BY time, institution, id) AS n FROM sales WHERE date >= 18748 AND NOT split)
SELECT institution, id, '' AS kp_id, amount FROM s WHERE n > 1

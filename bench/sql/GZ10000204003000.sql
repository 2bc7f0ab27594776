-- hand-written, for DuckDB: hits of GZ10000204003000 with the amount of each row in fen
WITH v AS (SELECT e.institution, e.id, e.fund,
    COUNT(*) OVER (PARTITION BY e.person, e.begin_date ORDER BY COALESCE(e.begin_time, -1), e.institution, e.id ROWS UNBOUNDED PRECEDING) AS day,
    COUNT(*) OVER (PARTITION BY e.person, e.month ORDER BY COALESCE(e.begin_time, -1), e.institution, e.id ROWS UNBOUNDED PRECEDING) AS month
  FROM encounters e WHERE e.live AND e.kind = 'pharmacy' AND e.begin_date >= 18748)
SELECT institution, id, '' AS kp_id, COALESCE(fund, 0) AS amount FROM v WHERE day > 2 OR month > 15

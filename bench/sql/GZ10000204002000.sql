-- hand-written, for DuckDB: hits of GZ10000204002000 with the amount of each row in fen
WITH v AS (SELECT e.institution, e.id, e.fund, e.main_diagnosis,
    COUNT(*) OVER (PARTITION BY e.person, e.begin_date ORDER BY COALESCE(e.begin_time, -1), e.institution, e.id ROWS UNBOUNDED PRECEDING) AS day,
    COUNT(*) OVER (PARTITION BY e.person, e.month ORDER BY COALESCE(e.begin_time, -1), e.institution, e.id ROWS UNBOUNDED PRECEDING) AS month
  FROM encounters e WHERE e.live AND e.kind IN ('outpatient', 'emergency') AND e.begin_date >= 18748)
SELECT institution, id, '' AS kp_id, COALESCE(fund, 0) AS amount FROM v WHERE (day > 3 OR month > 20) AND NOT regexp_matches(main_diagnosis, '^(Z49|N18|Z51|Z50)')

-- hand-written, for DuckDB: hits of GZ10000204001000 with the amount of each row in fen
SELECT DISTINCT e.institution, e.id, '' AS kp_id, COALESCE(e.fund, 0) AS amount
FROM encounters e JOIN encounters p ON p.person = e.person AND p.institution = e.institution AND p.main_category = e.main_category AND p.id <> e.id
WHERE e.live AND e.kind = 'inpatient' AND e.begin_date >= 18748 AND p.live AND p.kind = 'inpatient' AND p.begin_time < e.begin_time
  AND p.end_date <= e.begin_date AND e.begin_date - p.end_date <= 15 AND NOT p.moved AND NOT e.moved
  AND NOT regexp_matches(e.main_diagnosis, '^(Z51|Z49|O80|O81|O82|O83|O84|Z37|Z38|F|Z50)')

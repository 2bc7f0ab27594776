-- hand-written, for DuckDB: hits of GZ10000204004000 with the amount of each row in fen
WITH n AS (SELECT e.institution, e.id, COUNT(*) AS earlier
  FROM encounters e JOIN encounters p ON p.person = e.person AND p.id <> e.id AND p.live AND p.kind = 'inpatient' AND p.begin_time < e.begin_time AND e.begin_date - p.begin_date < 90
  WHERE e.live AND e.kind = 'inpatient' AND e.begin_date >= 18748 AND NOT e.moved AND NOT regexp_matches(e.main_diagnosis, '^(Z51|Z49|O80|O81|O82|O83|O84|Z37|Z38|F|Z50)')
  GROUP BY ALL)
SELECT e.institution, e.id, '' AS kp_id, COALESCE(e.fund, 0) AS amount FROM n JOIN encounters e USING (institution, id) WHERE n.earlier >= 5

-- How often and where a person was served.
WITH days AS (SELECT person, begin_date, COUNT(*) AS visits FROM f_visits WHERE NOT COALESCE(stay, FALSE) GROUP BY person, begin_date),
busiest AS (SELECT person, MAX(visits) AS visits FROM days GROUP BY person),
amounts AS (SELECT person, fee, COUNT(*) AS n FROM f_visits WHERE NOT COALESCE(stay, FALSE) AND fee > 0 GROUP BY person, fee),
equal AS (SELECT person, COALESCE(SUM(n) FILTER (WHERE n > 1), 0) / SUM(n) AS share FROM amounts GROUP BY person),
elsewhere AS (SELECT person, SUM(days) AS days FROM f_overlaps GROUP BY person)
SELECT v.person AS subject_id,
  COUNT(*)::DOUBLE AS visits,
  COUNT(DISTINCT v.institution)::DOUBLE AS places,
  ANY_VALUE(b.visits)::DOUBLE AS busiest_day_visits,
  SUM(v.fee)::DOUBLE AS fee,
  SUM(v.fund)::DOUBLE AS fund,
  COUNT(DISTINCT v.main_category)::DOUBLE AS diagnosis_kinds,
  COUNT(*) FILTER (WHERE NOT v.stay AND (v.hour >= 22 OR v.hour < 6)) / NULLIF(COUNT(*) FILTER (WHERE NOT v.stay), 0) AS night_share,
  ANY_VALUE(q.share) AS equal_amount_share,
  COUNT(*) FILTER (WHERE v.stay)::DOUBLE AS stays,
  COALESCE(SUM(v.end_date - v.begin_date) FILTER (WHERE v.stay), 0)::DOUBLE AS stay_days,
  COALESCE(ANY_VALUE(o.days), 0)::DOUBLE AS overlap_days
FROM f_visits AS v
LEFT JOIN busiest AS b ON b.person = v.person
LEFT JOIN equal AS q ON q.person = v.person
LEFT JOIN elsewhere AS o ON o.person = v.person
GROUP BY v.person

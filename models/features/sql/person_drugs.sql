-- What drugs a person collected. Days supplied count against the calendar days of the window.
WITH substances AS (
  SELECT l.person, l.substance, SUM(l.days_supplied) AS supplied, COUNT(DISTINCT l.institution) AS places
  FROM f_lines AS l
  WHERE l.drug AND l.substance IS NOT NULL AND NOT COALESCE(l.kind = 'inpatient', FALSE)
  GROUP BY l.person, l.substance
),
most AS (
  SELECT s.person, MAX(s.supplied) AS supplied, MAX(s.places) AS places FROM substances AS s GROUP BY s.person
),
traces AS (SELECT person, COUNT(*) FILTER (WHERE again) AS n FROM f_sales WHERE person IS NOT NULL GROUP BY person)
SELECT l.person AS subject_id,
  COUNT(DISTINCT l.encounter) FILTER (WHERE l.kind = 'pharmacy')::DOUBLE AS purchases,
  COALESCE(SUM(l.amount) FILTER (WHERE l.drug), 0)::DOUBLE AS drug_fee,
  ANY_VALUE(m.supplied) / 1000000 / (ANY_VALUE(a.last_day) - ANY_VALUE(a.first_day) + 1) AS days_supplied_ratio,
  COALESCE(ANY_VALUE(m.places), 0)::DOUBLE AS drug_places,
  ANY_VALUE(t.n)::DOUBLE AS repeated_traces
FROM f_lines AS l
CROSS JOIN asked AS a
LEFT JOIN most AS m ON m.person = l.person
LEFT JOIN traces AS t ON t.person = l.person
GROUP BY l.person

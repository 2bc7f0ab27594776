-- Stays of an institution: length, spread, what follows and what happens elsewhere meanwhile. Fewer than five stays give no share.
WITH stays AS (
  SELECT v.*, v.end_date - v.begin_date AS days, o.days AS overlap, g.codes
  FROM f_visits AS v
  LEFT JOIN f_overlaps AS o ON o.institution = v.institution AND o.encounter = v.id
  LEFT JOIN (SELECT person, encounter, COUNT(*) AS codes FROM diagnoses GROUP BY person, encounter) AS g
    ON g.person = v.person AND g.encounter = v.id
  WHERE v.stay
),
again AS (
  SELECT c.institution, COUNT(*) FILTER (WHERE c.begin_date - c.before BETWEEN 0 AND 15) AS stays
  FROM (
    SELECT e.institution, e.begin_date,
      LAG(e.end_date) OVER (PARTITION BY e.institution, e.person ORDER BY e.begin_time ASC, e.id ASC) AS before
    FROM encounters AS e, asked AS b
    WHERE e.kind = 'inpatient' AND e.live AND e.begin_date <= b.last_day
  ) AS c, asked AS a
  WHERE c.begin_date >= a.first_day
  GROUP BY c.institution
),
late AS (
  SELECT l.institution, COUNT(*) FILTER (WHERE l.date > l.end_date) / COUNT(*) AS share
  FROM f_lines AS l
  WHERE l.kind = 'inpatient' AND l.end_date IS NOT NULL
  GROUP BY l.institution
)
SELECT s.institution AS subject_id,
  SUM(s.days) / NULLIF(COUNT(s.days), 0) AS days_per_stay,
  SQRT(GREATEST(COUNT(s.days) * SUM(s.days * s.days) - SUM(s.days)::HUGEINT * SUM(s.days)::HUGEINT, 0)) / NULLIF(SUM(s.days), 0)
    AS stay_days_spread,
  SQRT(GREATEST(COUNT(*) * SUM(s.fee::HUGEINT * s.fee) - SUM(s.fee)::HUGEINT * SUM(s.fee)::HUGEINT, 0)) / NULLIF(SUM(s.fee), 0)
    AS stay_fee_spread,
  COUNT(*) FILTER (WHERE s.days <= 3) / NULLIF(COUNT(s.days), 0) AS short_stay_share,
  COALESCE(ANY_VALUE(g.stays), 0) / COUNT(*) AS readmission_share,
  COUNT(s.overlap) / COUNT(*) AS overlap_share,
  SUM(s.codes) / NULLIF(COUNT(s.codes), 0) AS diagnoses_per_stay,
  ANY_VALUE(t.share) AS after_discharge_share
FROM stays AS s
LEFT JOIN again AS g ON g.institution = s.institution
LEFT JOIN late AS t ON t.institution = s.institution
GROUP BY s.institution
HAVING COUNT(*) >= 5

-- Visits of an institution: how many, how dear, when, with whom.
WITH outpatient AS (
  SELECT v.*,
    LAG(v.person) OVER same AS before_person, LAG(v.begin_date) OVER same AS before_date,
    LEAD(v.person) OVER same AS after_person, LEAD(v.begin_date) OVER same AS after_date
  FROM f_visits AS v
  WHERE NOT COALESCE(v.stay, FALSE)
  WINDOW same AS (PARTITION BY v.institution, v.fee ORDER BY v.begin_time ASC, v.id ASC)
),
pairs AS (
  -- In the same quarter of an hour at the same place; on two days or more that is more than chance in a waiting room.
  SELECT a.institution, a.person AS one, b.person AS other
  FROM outpatient AS a
  INNER JOIN outpatient AS b ON b.institution = a.institution AND b.begin_time // 900 = a.begin_time // 900 AND b.person > a.person
  GROUP BY a.institution, a.person, b.person
  HAVING COUNT(DISTINCT a.begin_date) >= 2
),
together AS (
  SELECT p.institution, COUNT(DISTINCT p.person) AS persons
  FROM (SELECT institution, one AS person FROM pairs UNION ALL SELECT institution, other AS person FROM pairs) AS p
  GROUP BY p.institution
),
wanderers AS (SELECT person FROM f_visits GROUP BY person HAVING COUNT(DISTINCT institution) >= 4),
days AS (SELECT institution, begin_date, COUNT(*) AS visits FROM outpatient GROUP BY institution, begin_date),
busiest AS (SELECT institution, MAX(visits) / (SUM(visits) / COUNT(*)) AS ratio FROM days GROUP BY institution HAVING COUNT(*) >= 5),
kinds AS (
  SELECT k.institution, SUM(k.n::HUGEINT * k.n) / POWER(SUM(k.n), 2) AS concentration
  FROM (SELECT institution, main_category, COUNT(*) AS n FROM f_visits WHERE main_category IS NOT NULL GROUP BY institution, main_category) AS k
  GROUP BY k.institution
  HAVING SUM(k.n) >= 10
),
spread AS (
  SELECT institution, SQRT(GREATEST(COUNT(*) * SUM(fee::HUGEINT * fee) - SUM(fee)::HUGEINT * SUM(fee)::HUGEINT, 0)) / NULLIF(SUM(fee), 0) AS fees
  FROM outpatient
  GROUP BY institution
  HAVING COUNT(*) >= 10
),
equal AS (
  SELECT institution,
    COUNT(*) FILTER (
      WHERE fee > 0 AND (
        (before_person <> person AND begin_date - before_date <= 2) OR (after_person <> person AND after_date - begin_date <= 2)
      )
    ) / COUNT(*) AS share
  FROM outpatient
  GROUP BY institution
)
SELECT v.institution AS subject_id,
  COUNT(*) / COUNT(DISTINCT v.person) AS visits_per_person,
  COUNT(*) FILTER (WHERE v.stay) / NULLIF(COUNT(*) FILTER (WHERE NOT v.stay), 0) AS stay_ratio,
  SUM(v.fee) FILTER (WHERE NOT v.stay) / NULLIF(COUNT(*) FILTER (WHERE NOT v.stay), 0) AS fee_per_visit,
  SUM(v.fee) FILTER (WHERE v.stay) / NULLIF(COUNT(*) FILTER (WHERE v.stay), 0) AS fee_per_stay,
  SUM(v.fund) / COUNT(DISTINCT v.person) AS fund_per_person,
  SUM(v.fund) FILTER (WHERE v.total > 0) / NULLIF(SUM(v.total) FILTER (WHERE v.fund IS NOT NULL), 0) AS fund_share,
  ANY_VALUE(s.fees) AS visit_fee_spread,
  ANY_VALUE(b.ratio) AS busiest_day_ratio,
  COUNT(*) FILTER (WHERE v.weekend) / COUNT(*) AS weekend_share,
  COUNT(*) FILTER (WHERE NOT v.stay AND (v.hour >= 22 OR v.hour < 6)) / NULLIF(COUNT(*) FILTER (WHERE NOT v.stay), 0) AS night_share,
  ANY_VALUE(q.share) AS equal_amount_share,
  COUNT(*) FILTER (WHERE v.kind = 'chronic') / COUNT(*) AS chronic_share,
  COUNT(DISTINCT w.person) / COUNT(DISTINCT v.person) AS many_places_share,
  COALESCE(ANY_VALUE(t.persons), 0) / COUNT(DISTINCT v.person) AS together_share,
  ANY_VALUE(k.concentration) AS diagnosis_concentration
FROM f_visits AS v
LEFT JOIN wanderers AS w ON w.person = v.person
LEFT JOIN together AS t ON t.institution = v.institution
LEFT JOIN busiest AS b ON b.institution = v.institution
LEFT JOIN kinds AS k ON k.institution = v.institution
LEFT JOIN spread AS s ON s.institution = v.institution
LEFT JOIN equal AS q ON q.institution = v.institution
GROUP BY v.institution

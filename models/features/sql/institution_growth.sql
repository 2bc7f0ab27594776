-- The month against the mean of the earlier months that the store holds, two at least and `past` at most.
WITH span AS (
  SELECT a.last, GREATEST(a.last - a.past, MIN(l.month)) AS first FROM lines AS l, asked AS a WHERE l.live GROUP BY a.last, a.past
),
months AS (
  SELECT l.institution, s.last - s.first AS earlier,
    SUM(l.amount) FILTER (WHERE l.month = s.last) AS fee, SUM(l.amount) FILTER (WHERE l.month < s.last) AS past_fee,
    COUNT(DISTINCT l.encounter) FILTER (WHERE l.month = s.last) AS visits,
    COUNT(DISTINCT l.encounter || '@' || l.month) FILTER (WHERE l.month < s.last) AS past_visits
  FROM lines AS l, span AS s, asked AS a
  WHERE l.live AND l.month BETWEEN s.first AND s.last AND l.date <= a.last_day
  GROUP BY l.institution, s.last, s.first
)
SELECT m.institution AS subject_id,
  COALESCE(m.fee, 0) * m.earlier / NULLIF(m.past_fee, 0) AS fee_growth,
  m.visits * m.earlier / NULLIF(m.past_visits, 0) AS visit_growth
FROM months AS m
WHERE m.earlier >= 2

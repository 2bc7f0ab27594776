-- What features of all subjects read: live lines and visits of the window, nothing dated after the month's last day.
-- `asked` has one row: first, last (months of the window), first_day, last_day (day numbers).

CREATE OR REPLACE TEMP TABLE f_lines AS
SELECT l.institution, l.id, l.person, l.encounter, l.date, l.month, (l.time % 86400) // 3600 AS hour, (l.date + 3) % 7 >= 5 AS weekend,
  l.item, l.category, l.substance, l.quantity, l.price, l.amount, l.in_scope, l.doctor, l.kind, l.level, l.caty, l.qualified,
  l.days_supplied, l.end_date,
  l.category IN ('western', 'patent', 'piece') AS drug,
  SUBSTRING(l.item, 1, 3) IN ('002', '992') AS diagnostic,
  SUBSTRING(l.item, 1, 3) IN ('003', '993') AS treatment
FROM lines AS l, asked AS a
WHERE l.live AND l.date BETWEEN a.first_day AND a.last_day;

CREATE OR REPLACE TEMP TABLE f_visits AS
SELECT e.institution, e.id, e.person, e.kind, e.sex, e.birth_date, e.level, e.region, e.begin_time, e.begin_date, e.month,
  CASE WHEN e.end_date <= a.last_day THEN e.end_date END AS end_date,
  e.main_category, e.fund, e.total, m.fee, m.lines, (e.begin_time % 86400) // 3600 AS hour, (e.begin_date + 3) % 7 >= 5 AS weekend,
  e.kind = 'inpatient' AS stay
FROM encounters AS e
CROSS JOIN asked AS a
INNER JOIN (
  SELECT l.institution, l.encounter, SUM(l.amount)::BIGINT AS fee, COUNT(*) AS lines
  FROM lines AS l, asked AS b
  WHERE l.live AND l.date <= b.last_day
  GROUP BY l.institution, l.encounter
) AS m ON m.institution = e.institution AND m.encounter = e.id
WHERE e.begin_date BETWEEN a.first_day AND a.last_day;

-- What an item usually costs and in which quantity it is usually billed, over the whole region.
CREATE OR REPLACE TEMP TABLE f_usual AS
SELECT l.item, QUANTILE_DISC(l.price, 0.5) AS price, QUANTILE_DISC(l.quantity, 0.5) AS quantity, COUNT(DISTINCT l.institution) AS places
FROM f_lines AS l
WHERE l.price > 0
GROUP BY l.item;

-- Days on which another institution served a person strictly between admission and discharge.
CREATE OR REPLACE TEMP TABLE f_overlaps AS
SELECT s.institution, s.id AS encounter, s.person, COUNT(DISTINCT l.date) AS days
FROM f_visits AS s
CROSS JOIN asked AS a
INNER JOIN f_lines AS l
  ON l.person = s.person AND l.institution <> s.institution AND l.date > s.begin_date AND l.date < COALESCE(s.end_date, a.last_day + 1)
WHERE s.stay
GROUP BY s.institution, s.id, s.person;

-- Traced packages sold in the window, and whether the code was sold before (split packages may be).
CREATE OR REPLACE TEMP TABLE f_sales AS
SELECT k.institution, k.person, k.earlier IS NOT NULL AS again
FROM (
  SELECT s.institution, s.person, s.date, s.split,
    LAG(s.time) OVER (PARTITION BY s.trace ORDER BY s.time ASC, s.institution ASC, s.id ASC) AS earlier
  FROM sales AS s, asked AS b
  WHERE s.date <= b.last_day
) AS k, asked AS a
WHERE k.date >= a.first_day AND NOT COALESCE(k.split, FALSE);

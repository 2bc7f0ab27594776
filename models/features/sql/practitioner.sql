-- What a practitioner billed: load, mix, and concentration.
WITH visits AS (
  SELECT doctor, institution, encounter, person, MIN(date) AS date, SUM(amount) AS amount, COUNT(*) AS lines
  FROM f_lines
  WHERE doctor IS NOT NULL
  GROUP BY doctor, institution, encounter, person
),
load AS (
  SELECT v.doctor, COUNT(*) AS visits, COUNT(DISTINCT v.date) AS days, COUNT(DISTINCT v.person) AS persons, SUM(v.amount) AS amount,
    SUM(v.lines) AS lines, COUNT(DISTINCT v.institution) AS places
  FROM visits AS v
  GROUP BY v.doctor
),
busiest AS (
  SELECT d.doctor, MAX(d.visits) AS visits FROM (SELECT doctor, date, COUNT(*) AS visits FROM visits GROUP BY doctor, date) AS d GROUP BY d.doctor
),
top_item AS (
  SELECT i.doctor, MAX(i.amount) AS amount FROM (SELECT doctor, item, SUM(amount) AS amount FROM f_lines GROUP BY doctor, item) AS i GROUP BY i.doctor
),
top_person AS (
  SELECT p.doctor, MAX(p.amount) AS amount FROM (SELECT doctor, person, SUM(amount) AS amount FROM visits GROUP BY doctor, person) AS p
  GROUP BY p.doctor
)
SELECT l.doctor AS subject_id,
  ANY_VALUE(w.visits) / ANY_VALUE(w.days) AS visits_per_day,
  ANY_VALUE(b.visits)::DOUBLE AS busiest_day_visits,
  ANY_VALUE(w.visits) / ANY_VALUE(w.persons) AS visits_per_person,
  ANY_VALUE(w.amount) / ANY_VALUE(w.visits) AS fee_per_visit,
  ANY_VALUE(w.amount) / ANY_VALUE(w.persons) AS fee_per_person,
  ANY_VALUE(w.lines) / ANY_VALUE(w.visits) AS lines_per_visit,
  COALESCE(SUM(l.amount) FILTER (WHERE l.weekend), 0) / NULLIF(SUM(l.amount), 0) AS weekend_share,
  COUNT(*) FILTER (WHERE l.hour >= 22 OR l.hour < 6) / COUNT(*) AS night_share,
  ANY_VALUE(w.places)::DOUBLE AS places,
  COALESCE(SUM(l.amount) FILTER (WHERE l.drug), 0) / NULLIF(SUM(l.amount), 0) AS drug_share,
  COALESCE(SUM(l.amount) FILTER (WHERE l.diagnostic), 0) / NULLIF(SUM(l.amount), 0) AS diagnostic_share,
  ANY_VALUE(i.amount) / NULLIF(SUM(l.amount), 0) AS top_item_share,
  AVG((1000000 * LEAST(l.quantity / u.quantity, 50))::BIGINT) FILTER (WHERE u.places >= 2) / 1000000 AS quantity_ratio,
  CASE WHEN COUNT(l.qualified) > 0
    THEN COALESCE(SUM(l.amount) FILTER (WHERE NOT l.qualified), 0) / NULLIF(SUM(l.amount) FILTER (WHERE l.qualified IS NOT NULL), 0)
    END AS unqualified_share,
  ANY_VALUE(p.amount) / NULLIF(SUM(l.amount), 0) AS top_person_share
FROM f_lines AS l
INNER JOIN load AS w ON w.doctor = l.doctor
INNER JOIN busiest AS b ON b.doctor = l.doctor
INNER JOIN top_item AS i ON i.doctor = l.doctor
INNER JOIN top_person AS p ON p.doctor = l.doctor
LEFT JOIN f_usual AS u ON u.item = l.item AND u.quantity > 0
GROUP BY l.doctor

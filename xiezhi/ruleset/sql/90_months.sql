-- Fees, stays and discharges of institutions by month; `xiezhi.domain.indicators` is the same in Python.

CREATE TABLE month_fees AS
SELECT l.institution, l.month, COUNT(DISTINCT CASE WHEN l.kind = 'inpatient' THEN l.person || ' ' || l.encounter END) AS stays,
  SUM(l.amount) AS fees,
  SUM(CASE WHEN l.category IN ('western', 'patent', 'piece') THEN l.amount ELSE 0 END) AS drugs,
  SUM(CASE WHEN l.category = 'service' AND SUBSTRING(l.item, 3, 2) IN ('21', '22', '23', '25', '27') THEN l.amount ELSE 0 END) AS tests,
  SUM(CASE WHEN l.category = 'consumable' THEN l.amount ELSE 0 END) AS consumables,
  SUM(
    CASE WHEN l.category = 'service'
      AND SUBSTRING(l.item, 3, 2) IN ('24', '31', '32', '34', '41', '42', '43', '44', '45', '46', '47', '48') THEN l.amount ELSE 0 END
  ) AS treatment,
  SUM(CASE WHEN l.category = 'service' AND SUBSTRING(l.item, 3, 4) = '2103' THEN l.amount ELSE 0 END) AS ct,
  SUM(CASE WHEN l.category = 'service' AND SUBSTRING(l.item, 3, 4) = '2102' THEN l.amount ELSE 0 END) AS mri
FROM lines AS l
WHERE l.live
GROUP BY l.institution, l.month;

CREATE TABLE month_discharges AS
SELECT e.institution, b.end_month AS month, COUNT(*) AS discharges, SUM(CASE WHEN r.id IS NOT NULL THEN 1 ELSE 0 END) AS readmissions
FROM encounters AS e
INNER JOIN encounter_base AS b ON b.person = e.person AND b.id = e.id
LEFT JOIN (
  SELECT DISTINCT s.person, s.id
  FROM encounters AS s
  INNER JOIN encounters AS o
    ON o.person = s.person AND o.institution = s.institution AND o.id <> s.id AND o.med_type = '210104' AND o.live
      AND o.begin_date >= s.end_date AND o.begin_date <= s.end_date + 31
  WHERE s.live AND s.kind = 'inpatient'
) AS r ON r.person = e.person AND r.id = e.id
WHERE e.live AND e.kind = 'inpatient' AND e.end_date IS NOT NULL
GROUP BY e.institution, b.end_month;

CREATE TABLE months AS
SELECT k.institution, CAST(k.month AS BIGINT) AS month,
  DATEDIFF(DAY, DATE '1970-01-01', MAKE_DATE(k.month // 12, k.month % 12 + 1, 1)) AS date, i.region,
  CAST(COALESCE(f.stays, 0) AS BIGINT) AS stays, CAST(COALESCE(f.fees, 0) AS BIGINT) AS fees,
  CAST(COALESCE(f.drugs, 0) AS BIGINT) AS drugs, CAST(COALESCE(f.tests, 0) AS BIGINT) AS tests,
  CAST(COALESCE(f.consumables, 0) AS BIGINT) AS consumables, CAST(COALESCE(f.treatment, 0) AS BIGINT) AS treatment,
  CAST(COALESCE(f.ct, 0) AS BIGINT) AS ct, CAST(COALESCE(f.mri, 0) AS BIGINT) AS mri,
  CAST(COALESCE(d.discharges, 0) AS BIGINT) AS discharges, CAST(COALESCE(d.readmissions, 0) AS BIGINT) AS readmissions
FROM (
  SELECT m.institution, m.month FROM month_fees AS m
  UNION
  SELECT n.institution, n.month FROM month_discharges AS n
) AS k
LEFT JOIN month_fees AS f ON f.institution = k.institution AND f.month = k.month
LEFT JOIN month_discharges AS d ON d.institution = k.institution AND d.month = k.month
LEFT JOIN institutions AS i ON i.institution = k.institution;

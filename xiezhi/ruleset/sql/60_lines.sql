-- Lines and encounters as rules see them: the columns of facts.Line and facts.Encounter.

CREATE TABLE lines AS
SELECT n.institution, n.id, n.person, n.encounter, n.settlement,
  n.day * 86400 + n.second AS time, n.day AS date, n.day * 24 + n.hour_of_day AS hour, n.year * 12 + n.month_of_year - 1 AS month, n.year,
  n.item,
  CASE WHEN n.first BETWEEN '0' AND '9' THEN CASE WHEN LENGTH(n.item) = 15 THEN 'service' END
    WHEN n.first = 'X' THEN 'western' WHEN n.first = 'Z' THEN 'patent' WHEN n.first = 'T' THEN 'piece'
    WHEN n.first = 'C' THEN 'consumable' END AS category,
  CASE WHEN n.first = 'X' THEN SUBSTRING(n.item, 1, 10) WHEN n.first = 'Z' THEN SUBSTRING(n.item, 1, 11) END AS substance,
  n.quantity, n.price,
  CASE WHEN n.quantity = 0 THEN 0
    WHEN n.billed_amount + n.refunded_amount < 0 THEN CASE WHEN n.billed_amount < 0 THEN n.billed_amount ELSE 0 END
    WHEN n.refunded_amount < 0 THEN n.billed_amount + n.refunded_amount
    ELSE n.billed_amount END AS amount,
  n.billed_quantity, n.billed_amount,
  CASE WHEN n.scope IS NULL THEN NULL
    WHEN n.quantity = 0 THEN 0
    WHEN n.quantity = n.billed_quantity THEN n.scope
    WHEN n.scope >= 0
      THEN CAST((2 * CAST(n.scope AS HUGEINT) * CAST(n.quantity AS HUGEINT) + CAST(n.billed_quantity AS HUGEINT))
        // (2 * CAST(n.billed_quantity AS HUGEINT)) AS BIGINT)
    ELSE -CAST((2 * CAST(-n.scope AS HUGEINT) * CAST(n.quantity AS HUGEINT) + CAST(n.billed_quantity AS HUGEINT) - 1)
      // (2 * CAST(n.billed_quantity AS HUGEINT)) AS BIGINT) END AS in_scope,
  n.price_limit, n.usual_price, n.prescription, n.department, n.doctor, n.days_supplied,
  n.day + CASE WHEN n.days_supplied > 1000000 THEN (n.days_supplied + 999999) // 1000000 ELSE 1 END - 1 AS use_end,
  n.taken_home, n.name,
  n.quantity > 0 AND NOT n.gone AS live,
  n.refund,
  n.billed_quantity > 0 AND n.billed_quantity + n.refunded_quantity < 0 AND NOT n.gone AS over_refunded,
  n.person_conflict,
  CASE WHEN n.med_type IN ('21', '210104', '28', '52') THEN 'inpatient'
    WHEN n.med_type IN ('13', '120') THEN 'emergency'
    WHEN n.med_type IN ('11', '12', '51') THEN 'outpatient'
    WHEN n.med_type IN ('14', '140104', '140201', '140401') THEN 'chronic'
    WHEN n.med_type = '41' THEN 'pharmacy'
    WHEN n.med_type = '71' THEN 'home_bed' END AS kind,
  n.med_type, n.sex, n.birth_date,
  n.year - EXTRACT(YEAR FROM n.birthday) - CASE
    WHEN n.month_of_year * 100 + n.day_of_month < EXTRACT(MONTH FROM n.birthday) * 100 + EXTRACT(DAY FROM n.birthday) THEN 1
    ELSE 0 END AS age_years,
  n.day - n.birth_date AS age_days,
  n.insurance, n.level, n.region, n.disease, n.maternity, n.internet, n.begin_date, n.end_date, n.settled, n.death_date,
  n.qualified, n.title, n.caty, n.fund, n.total
FROM (
  SELECT b.*,
    CASE WHEN b.billed_quantity > 0 AND b.billed_quantity + b.refunded_quantity > 0 THEN b.billed_quantity + b.refunded_quantity
      ELSE 0 END AS quantity
  FROM (
    SELECT c.fixmedins_code AS institution, c.bkkp_sn AS id, c.person, c.mdtrt_id AS encounter, c.setl_id AS settlement,
      DATEDIFF(DAY, DATE '1970-01-01', CAST(c.fee_ocur_time AS DATE)) AS day,
      EXTRACT(HOUR FROM c.fee_ocur_time) * 3600 + EXTRACT(MINUTE FROM c.fee_ocur_time) * 60
        + CAST(FLOOR(EXTRACT(SECOND FROM c.fee_ocur_time)) AS BIGINT) AS second,
      EXTRACT(HOUR FROM c.fee_ocur_time) AS hour_of_day, EXTRACT(DAY FROM c.fee_ocur_time) AS day_of_month,
      EXTRACT(MONTH FROM c.fee_ocur_time) AS month_of_year, EXTRACT(YEAR FROM c.fee_ocur_time) AS year,
      c.med_list_codg AS item, SUBSTRING(c.med_list_codg, 1, 1) AS first,
      CAST(CAST(c.cnt AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS billed_quantity,
      CAST(CAST(c.pric AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS price,
      CAST(CAST(c.det_item_fee_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS billed_amount,
      CAST(CAST(c.inscp_amt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS scope,
      CAST(CAST(c.pric_uplmt_amt AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS price_limit,
      CAST(CAST(c.prd_days AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS days_supplied,
      u.price AS usual_price, c.rx_drord_no AS prescription, c.bilg_dept_codg AS department, c.bilg_dr_code AS doctor,
      c.dscg_tkdrug_flag = '1' AS taken_home,
      COALESCE(c.medins_list_name, c.hilist_name) AS name,
      COALESCE(a.quantity, 0) AS refunded_quantity, COALESCE(a.amount, 0) AS refunded_amount,
      COALESCE(l.link, '') AS refund,
      COALESCE(s.gone, FALSE) AS gone,
      c.refused AS person_conflict,
      COALESCE(v.med_type, c.med_type) AS med_type,
      v.sex, v.birthday, v.birth_date, v.insurance,
      CASE WHEN v.known THEN v.level ELSE i.level END AS level,
      CASE WHEN v.known THEN v.region ELSE i.region END AS region,
      v.disease, v.maternity, v.internet, v.begin_date, v.end_date, COALESCE(v.settled, FALSE) AS settled,
      d.death_date, p.qualified, p.title, p.caty,
      CASE WHEN c.setl_id IS NULL THEN v.only_fund ELSE s.fund END AS fund,
      CASE WHEN c.setl_id IS NULL THEN v.only_total ELSE s.total END AS total
    FROM chosen_lines AS c
    LEFT JOIN settlement_facts AS s ON s.person = c.person AND s.setl_id = c.setl_id
    LEFT JOIN visits AS v ON v.person = c.person AND v.mdtrt_id = c.mdtrt_id
    LEFT JOIN refund_sums AS a ON a.fixmedins_code = c.fixmedins_code AND a.bkkp_sn = c.bkkp_sn
    LEFT JOIN refund_links AS l ON l.fixmedins_code = c.fixmedins_code AND l.bkkp_sn = c.bkkp_sn
    LEFT JOIN usual_prices AS u ON u.fixmedins_code = c.fixmedins_code AND u.med_list_codg = c.med_list_codg
    LEFT JOIN practice AS p
      ON p.staff_code = c.bilg_dr_code AND p.fixmedins_code = c.fixmedins_code AND p.day = CAST(c.fee_ocur_time AS DATE)
    LEFT JOIN deaths AS d ON d.person = c.person
    LEFT JOIN institutions AS i ON i.institution = c.fixmedins_code
  ) AS b
) AS n;

CREATE TABLE encounters AS
SELECT e.id, e.person, e.institution, e.kind, e.med_type, e.sex, e.birth_date, e.insurance, e.level, e.region, e.begin_time,
  e.begin_date, e.end_date, e.month, e.department, e.disease, e.main_diagnosis, e.main_category, e.maternity, e.internet, e.moved,
  m.mdtrt_id IS NOT NULL AS settled, a.encounter IS NOT NULL AS live, m.fund, m.total
FROM encounter_base AS e
LEFT JOIN encounter_money AS m ON m.person = e.person AND m.mdtrt_id = e.id
LEFT JOIN (SELECT DISTINCT l.person, l.encounter FROM lines AS l WHERE l.live) AS a
  ON a.person = e.person AND a.encounter = e.id;

CREATE TABLE store_info AS
SELECT MIN(l.date) AS earliest_date FROM lines AS l;

-- Encounters without what their lines say; institutions; diagnosis sets; deaths.

CREATE TABLE institutions AS
SELECT i.fixmedins_code AS institution, i.hosp_lv, i.fix_blng_admdvs AS region,
  CASE WHEN i.hosp_lv IN ('01', '02', '03', '04', '12') THEN 3
    WHEN i.hosp_lv IN ('05', '06', '07', '13') THEN 2
    WHEN i.hosp_lv IN ('08', '09', '10', '14') THEN 1
    WHEN i.hosp_lv = '11' THEN 0 END AS level
FROM (
  SELECT r.fixmedins_code, r.fix_blng_admdvs, r.hosp_lv,
    ROW_NUMBER() OVER (
      PARTITION BY r.fixmedins_code ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
    ) AS place
  FROM raw_medins_d AS r
) AS i
WHERE i.place = 1;

-- All rows of one encounter with the latest updt_time are its one newest set (a missing time is older than any).
CREATE TABLE newest_diagnoses AS
SELECT DISTINCT r.mdtrt_id, r.diag_code, r.maindiag_flag
FROM raw_setl_list_diag_d AS r
INNER JOIN (SELECT k.mdtrt_id, MAX(k.updt_time) AS latest FROM raw_setl_list_diag_d AS k GROUP BY k.mdtrt_id) AS n
  ON n.mdtrt_id = r.mdtrt_id
WHERE r.updt_time = n.latest OR n.latest IS NULL;

CREATE TABLE encounter_base AS
SELECT e.mdtrt_id AS id, e.person, e.fixmedins_code AS institution,
  CASE WHEN e.med_type IN ('21', '210104', '28', '52') THEN 'inpatient'
    WHEN e.med_type IN ('13', '120') THEN 'emergency'
    WHEN e.med_type IN ('11', '12', '51') THEN 'outpatient'
    WHEN e.med_type IN ('14', '140104', '140201', '140401') THEN 'chronic'
    WHEN e.med_type = '41' THEN 'pharmacy'
    WHEN e.med_type = '71' THEN 'home_bed' END AS kind,
  e.med_type,
  CASE WHEN e.gend IN ('1', '2') THEN e.gend END AS sex,
  e.brdy AS birthday,
  DATEDIFF(DAY, DATE '1970-01-01', e.brdy) AS birth_date,
  e.insutype AS insurance,
  CASE WHEN e.hosp_lv IN ('01', '02', '03', '04', '12') THEN 3
    WHEN e.hosp_lv IN ('05', '06', '07', '13') THEN 2
    WHEN e.hosp_lv IN ('08', '09', '10', '14') THEN 1
    WHEN e.hosp_lv = '11' THEN 0
    ELSE i.level END AS level,
  COALESCE(e.fix_blng_admdvs, i.region) AS region,
  DATEDIFF(DAY, DATE '1970-01-01', CAST(e.begntime AS DATE)) * 86400 + EXTRACT(HOUR FROM e.begntime) * 3600
    + EXTRACT(MINUTE FROM e.begntime) * 60 + CAST(FLOOR(EXTRACT(SECOND FROM e.begntime)) AS BIGINT) AS begin_time,
  DATEDIFF(DAY, DATE '1970-01-01', CAST(e.begntime AS DATE)) AS begin_date,
  DATEDIFF(DAY, DATE '1970-01-01', CAST(e.endtime AS DATE)) AS end_date,
  EXTRACT(YEAR FROM e.begntime) * 12 + EXTRACT(MONTH FROM e.begntime) - 1 AS month,
  EXTRACT(YEAR FROM e.endtime) * 12 + EXTRACT(MONTH FROM e.endtime) - 1 AS end_month,
  e.adm_caty AS department,
  e.dise_no AS disease,
  COALESCE(d.main, e.dscg_maindiag_code) AS main_diagnosis,
  SUBSTRING(COALESCE(d.main, e.dscg_maindiag_code), 1, 3) AS main_category,
  e.matn_stas AS maternity,
  e.internet_flag = '1' AS internet,
  e.refl_old_mdtrt_id IS NOT NULL OR COALESCE(e.dscg_way, '') = '2' AS moved,
  COALESCE(e.die_date, CASE WHEN e.dscg_way = '5' THEN CAST(e.endtime AS DATE) END) AS died,
  e.dscg_maindiag_code
FROM chosen_encounters AS e
LEFT JOIN institutions AS i ON i.institution = e.fixmedins_code
LEFT JOIN (
  SELECT n.mdtrt_id, MIN(n.diag_code) AS main FROM newest_diagnoses AS n WHERE n.maindiag_flag = '1' GROUP BY n.mdtrt_id
) AS d ON d.mdtrt_id = e.mdtrt_id;

CREATE TABLE deaths AS
SELECT e.person, DATEDIFF(DAY, DATE '1970-01-01', MAX(e.died)) AS death_date
FROM encounter_base AS e
WHERE e.died IS NOT NULL
GROUP BY e.person;

-- What a line may take from its encounter: the encounter, its settlements, or both, whichever is there.
CREATE TABLE visits AS
SELECT COALESCE(e.person, m.person) AS person, COALESCE(e.id, m.mdtrt_id) AS mdtrt_id, e.id IS NOT NULL AS known,
  e.med_type, e.sex, e.birthday, e.birth_date, e.insurance, e.level, e.region, e.disease, e.maternity, e.internet,
  e.begin_date, e.end_date, e.id IS NOT NULL AND m.mdtrt_id IS NOT NULL AS settled,
  CASE WHEN m.settlements = 1 THEN m.fund END AS only_fund, CASE WHEN m.settlements = 1 THEN m.total END AS only_total
FROM encounter_base AS e
FULL OUTER JOIN encounter_money AS m ON m.person = e.person AND m.mdtrt_id = e.id;

CREATE TABLE diagnoses AS
SELECT e.person, e.id AS encounter, n.diag_code AS code
FROM encounter_base AS e
INNER JOIN newest_diagnoses AS n ON n.mdtrt_id = e.id
UNION
SELECT e.person, e.id AS encounter, e.dscg_maindiag_code AS code
FROM encounter_base AS e
WHERE e.dscg_maindiag_code IS NOT NULL;

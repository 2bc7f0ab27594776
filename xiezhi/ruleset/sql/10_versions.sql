-- Newest versions (semantics.md 1): narrow keys are compared, and only of identities that have several stored rows, because most
-- have one; the wide columns are fetched once, by content hash. The oldest version says whose the fact is; a version that gives it
-- to another person is refused.

CREATE TABLE line_versions AS
SELECT v.fixmedins_code, v.bkkp_sn, v.content_hash, v.person, v.refused
FROM (
  SELECT o.fixmedins_code, o.bkkp_sn, o.content_hash, o.person,
    MAX(CASE WHEN o.person = o.owner THEN 0 ELSE 1 END) OVER (PARTITION BY o.fixmedins_code, o.bkkp_sn) = 1 AS refused,
    ROW_NUMBER() OVER (
      PARTITION BY o.fixmedins_code, o.bkkp_sn
      ORDER BY CASE WHEN o.person = o.owner THEN 0 ELSE 1 END ASC, o.updt_time DESC NULLS LAST, o.known_fields DESC, o.content_hash DESC
    ) AS place
  FROM (
    SELECT r.fixmedins_code, r.bkkp_sn, r.updt_time, r.known_fields, r.content_hash,
      COALESCE(m.psn_no, r.psn_no) AS person,
      FIRST_VALUE(COALESCE(m.psn_no, r.psn_no)) OVER (
        PARTITION BY r.fixmedins_code, r.bkkp_sn
        ORDER BY r.updt_time ASC NULLS FIRST, r.known_fields ASC, r.content_hash ASC
      ) AS owner
    FROM raw_fee_list_d AS r
    INNER JOIN (
      SELECT k.fixmedins_code, k.bkkp_sn FROM raw_fee_list_d AS k GROUP BY k.fixmedins_code, k.bkkp_sn HAVING COUNT(*) > 1
    ) AS several ON several.fixmedins_code = r.fixmedins_code AND several.bkkp_sn = r.bkkp_sn
    LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
  ) AS o
) AS v
WHERE v.place = 1;

CREATE VIEW chosen_lines AS
SELECT r.fixmedins_code, r.bkkp_sn, r.mdtrt_id, r.setl_id, r.fee_ocur_time, r.med_type, r.med_list_codg, r.cnt, r.pric,
  r.det_item_fee_sumamt, r.inscp_amt, r.pric_uplmt_amt, r.rx_drord_no, r.bilg_dept_codg, r.bilg_dr_code, r.prd_days,
  r.dscg_tkdrug_flag, r.medins_list_name, r.hilist_name, r.init_feedetl_sn,
  COALESCE(m.psn_no, r.psn_no) AS person, FALSE AS refused
FROM raw_fee_list_d AS r
LEFT JOIN line_versions AS v ON v.fixmedins_code = r.fixmedins_code AND v.bkkp_sn = r.bkkp_sn
LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
WHERE v.bkkp_sn IS NULL
UNION ALL
SELECT c.fixmedins_code, c.bkkp_sn, c.mdtrt_id, c.setl_id, c.fee_ocur_time, c.med_type, c.med_list_codg, c.cnt, c.pric,
  c.det_item_fee_sumamt, c.inscp_amt, c.pric_uplmt_amt, c.rx_drord_no, c.bilg_dept_codg, c.bilg_dr_code, c.prd_days,
  c.dscg_tkdrug_flag, c.medins_list_name, c.hilist_name, c.init_feedetl_sn, c.person, c.refused
FROM (
  SELECT r.fixmedins_code, r.bkkp_sn, r.mdtrt_id, r.setl_id, r.fee_ocur_time, r.med_type, r.med_list_codg, r.cnt, r.pric,
    r.det_item_fee_sumamt, r.inscp_amt, r.pric_uplmt_amt, r.rx_drord_no, r.bilg_dept_codg, r.bilg_dr_code, r.prd_days,
    r.dscg_tkdrug_flag, r.medins_list_name, r.hilist_name, r.init_feedetl_sn, v.person, v.refused,
    ROW_NUMBER() OVER (PARTITION BY r.fixmedins_code, r.bkkp_sn ORDER BY r.content_hash ASC) AS copy
  FROM raw_fee_list_d AS r
  INNER JOIN line_versions AS v
    ON v.fixmedins_code = r.fixmedins_code AND v.bkkp_sn = r.bkkp_sn AND v.content_hash = r.content_hash
) AS c
WHERE c.copy = 1;

CREATE TABLE encounter_versions AS
SELECT v.mdtrt_id, v.content_hash, v.person
FROM (
  SELECT o.mdtrt_id, o.content_hash, o.person,
    ROW_NUMBER() OVER (
      PARTITION BY o.mdtrt_id
      ORDER BY CASE WHEN o.person = o.owner THEN 0 ELSE 1 END ASC, o.updt_time DESC NULLS LAST, o.known_fields DESC, o.content_hash DESC
    ) AS place
  FROM (
    SELECT r.mdtrt_id, r.updt_time, r.known_fields, r.content_hash,
      COALESCE(m.psn_no, r.psn_no) AS person,
      FIRST_VALUE(COALESCE(m.psn_no, r.psn_no)) OVER (
        PARTITION BY r.mdtrt_id ORDER BY r.updt_time ASC NULLS FIRST, r.known_fields ASC, r.content_hash ASC
      ) AS owner
    FROM raw_mdtrt_d AS r
    INNER JOIN (SELECT k.mdtrt_id FROM raw_mdtrt_d AS k GROUP BY k.mdtrt_id HAVING COUNT(*) > 1) AS several
      ON several.mdtrt_id = r.mdtrt_id
    LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
  ) AS o
) AS v
WHERE v.place = 1;

CREATE VIEW chosen_encounters AS
SELECT r.mdtrt_id, r.fixmedins_code, r.med_type, r.gend, r.brdy, r.insutype, r.hosp_lv, r.fix_blng_admdvs, r.begntime, r.endtime,
  r.adm_caty, r.dise_no, r.dscg_maindiag_code, r.dscg_way, r.die_date, r.matn_stas, r.internet_flag, r.refl_old_mdtrt_id,
  COALESCE(m.psn_no, r.psn_no) AS person
FROM raw_mdtrt_d AS r
LEFT JOIN encounter_versions AS v ON v.mdtrt_id = r.mdtrt_id
LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
WHERE v.mdtrt_id IS NULL
UNION ALL
SELECT c.mdtrt_id, c.fixmedins_code, c.med_type, c.gend, c.brdy, c.insutype, c.hosp_lv, c.fix_blng_admdvs, c.begntime, c.endtime,
  c.adm_caty, c.dise_no, c.dscg_maindiag_code, c.dscg_way, c.die_date, c.matn_stas, c.internet_flag, c.refl_old_mdtrt_id, c.person
FROM (
  SELECT r.mdtrt_id, r.fixmedins_code, r.med_type, r.gend, r.brdy, r.insutype, r.hosp_lv, r.fix_blng_admdvs, r.begntime, r.endtime,
    r.adm_caty, r.dise_no, r.dscg_maindiag_code, r.dscg_way, r.die_date, r.matn_stas, r.internet_flag, r.refl_old_mdtrt_id, v.person,
    ROW_NUMBER() OVER (PARTITION BY r.mdtrt_id ORDER BY r.content_hash ASC) AS copy
  FROM raw_mdtrt_d AS r
  INNER JOIN encounter_versions AS v ON v.mdtrt_id = r.mdtrt_id AND v.content_hash = r.content_hash
) AS c
WHERE c.copy = 1;

CREATE TABLE settlement_versions AS
SELECT v.setl_id, v.content_hash, v.person
FROM (
  SELECT o.setl_id, o.content_hash, o.person,
    ROW_NUMBER() OVER (
      PARTITION BY o.setl_id
      ORDER BY CASE WHEN o.person = o.owner THEN 0 ELSE 1 END ASC, o.updt_time DESC NULLS LAST, o.known_fields DESC, o.content_hash DESC
    ) AS place
  FROM (
    SELECT r.setl_id, r.updt_time, r.known_fields, r.content_hash,
      COALESCE(m.psn_no, r.psn_no) AS person,
      FIRST_VALUE(COALESCE(m.psn_no, r.psn_no)) OVER (
        PARTITION BY r.setl_id ORDER BY r.updt_time ASC NULLS FIRST, r.known_fields ASC, r.content_hash ASC
      ) AS owner
    FROM raw_setl_d AS r
    INNER JOIN (SELECT k.setl_id FROM raw_setl_d AS k GROUP BY k.setl_id HAVING COUNT(*) > 1) AS several
      ON several.setl_id = r.setl_id
    LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
  ) AS o
) AS v
WHERE v.place = 1;

CREATE TABLE chosen_settlements AS
SELECT r.setl_id, r.mdtrt_id, r.refd_setl_flag, r.init_setl_id,
  CAST(CAST(r.fund_pay_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS fund,
  CAST(CAST(r.medfee_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS total,
  COALESCE(m.psn_no, r.psn_no) AS person
FROM raw_setl_d AS r
LEFT JOIN settlement_versions AS v ON v.setl_id = r.setl_id
LEFT JOIN person_map AS m ON m.old_psn_no = r.psn_no
WHERE v.setl_id IS NULL
UNION ALL
SELECT c.setl_id, c.mdtrt_id, c.refd_setl_flag, c.init_setl_id,
  CAST(CAST(c.fund_pay_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS fund,
  CAST(CAST(c.medfee_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS total,
  c.person
FROM (
  SELECT r.setl_id, r.mdtrt_id, r.refd_setl_flag, r.init_setl_id, r.fund_pay_sumamt, r.medfee_sumamt, v.person,
    ROW_NUMBER() OVER (PARTITION BY r.setl_id ORDER BY r.content_hash ASC) AS copy
  FROM raw_setl_d AS r
  INNER JOIN settlement_versions AS v ON v.setl_id = r.setl_id AND v.content_hash = r.content_hash
) AS c
WHERE c.copy = 1;

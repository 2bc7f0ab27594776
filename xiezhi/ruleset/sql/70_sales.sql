-- Sales of traced packages that no return reversed (facts.Sale). Each return reverses the latest earlier sale of its code there.

CREATE TABLE sale_rows AS
SELECT k.institution, k.item, k.trace, k.psn_no, k.mdtrt_sn, k.rtal_docno, k.sold_at, k.day, k.time, k.quantity, k.price, k.trdn_flag,
  k.mdtrt_setl_type, COALESCE(k.rtal_docno, k.trace || '@' || CAST(k.time AS VARCHAR)) AS id,
  ROW_NUMBER() OVER (PARTITION BY k.institution, k.trace ORDER BY k.time ASC, k.content_hash ASC) AS place,
  LEAD(k.time) OVER (PARTITION BY k.institution, k.trace ORDER BY k.time ASC, k.content_hash ASC) AS next_time
FROM (
  SELECT n.fixmedins_code AS institution, n.med_list_codg AS item, n.drug_trac_codg AS trace, n.psn_no, n.mdtrt_sn, n.rtal_docno,
    n.sel_retn_time AS sold_at,
    DATEDIFF(DAY, DATE '1970-01-01', CAST(n.sel_retn_time AS DATE)) AS day,
    DATEDIFF(DAY, DATE '1970-01-01', CAST(n.sel_retn_time AS DATE)) * 86400 + EXTRACT(HOUR FROM n.sel_retn_time) * 3600
      + EXTRACT(MINUTE FROM n.sel_retn_time) * 60 + CAST(FLOOR(EXTRACT(SECOND FROM n.sel_retn_time)) AS BIGINT) AS time,
    CAST(CAST(n.sel_retn_cnt AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS quantity,
    CAST(CAST(n.finl_trns_pric AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS price,
    n.trdn_flag, n.mdtrt_setl_type, n.content_hash
  FROM (
    SELECT r.fixmedins_code, r.med_list_codg, r.drug_trac_codg, r.psn_no, r.mdtrt_sn, r.rtal_docno, r.sel_retn_time, r.sel_retn_cnt,
      r.finl_trns_pric, r.trdn_flag, r.mdtrt_setl_type, r.content_hash,
      ROW_NUMBER() OVER (
        PARTITION BY r.fixmedins_code, r.med_list_codg, r.fixmedins_hilist_id, r.fixmedins_bchno, r.mdtrt_sn, r.rtal_docno,
          r.sel_retn_time, r.drug_trac_codg
        ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
      ) AS version
    FROM raw_fsi_3505 AS r
    WHERE r.drug_trac_codg IS NOT NULL
  ) AS n
  WHERE n.version = 1 AND n.sel_retn_cnt > 0
) AS k;

CREATE TABLE returned_sales AS
SELECT DISTINCT s.institution, s.trace, s.place
FROM sale_rows AS s
INNER JOIN (
  SELECT r.fixmedins_code AS institution, r.drug_trac_codg AS trace,
    DATEDIFF(DAY, DATE '1970-01-01', CAST(r.sel_retn_time AS DATE)) * 86400 + EXTRACT(HOUR FROM r.sel_retn_time) * 3600
      + EXTRACT(MINUTE FROM r.sel_retn_time) * 60 + CAST(FLOOR(EXTRACT(SECOND FROM r.sel_retn_time)) AS BIGINT) AS time
  FROM raw_fsi_3506 AS r
  WHERE r.drug_trac_codg IS NOT NULL
) AS b ON b.institution = s.institution AND b.trace = s.trace AND b.time >= s.time AND (s.next_time IS NULL OR b.time < s.next_time);

CREATE TABLE sales AS
SELECT s.trace, s.institution, s.id, COALESCE(l.person, m.psn_no, s.psn_no) AS person, COALESCE(l.encounter, s.mdtrt_sn) AS encounter,
  s.item, s.time, s.day AS date, EXTRACT(YEAR FROM s.sold_at) * 12 + EXTRACT(MONTH FROM s.sold_at) - 1 AS month,
  EXTRACT(YEAR FROM s.sold_at) AS year, s.quantity,
  CASE WHEN l.id IS NOT NULL THEN l.amount
    WHEN s.price > 0 THEN CAST((CAST(s.price AS HUGEINT) * CAST(s.quantity AS HUGEINT) + CAST(5000000000 AS HUGEINT))
      // CAST(10000000000 AS HUGEINT) AS BIGINT)
    ELSE 0 END AS amount,
  s.trdn_flag = '1' AS split, l.id AS line, s.mdtrt_setl_type = '1' AS insured
FROM sale_rows AS s
LEFT JOIN returned_sales AS b ON b.institution = s.institution AND b.trace = s.trace AND b.place = s.place
LEFT JOIN lines AS l ON l.institution = s.institution AND l.id = s.rtal_docno
LEFT JOIN person_map AS m ON m.old_psn_no = s.psn_no
WHERE b.place IS NULL AND (l.id IS NULL OR l.live);

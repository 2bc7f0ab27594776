-- Running balances of items at institutions (facts.Stock, semantics.md 4): a stocktake starts a span, its balance is the count plus what
-- was bought minus what was returned or billed. xiezhi.domain.stock says why each sign is as it is.

CREATE TABLE stocktakes AS
SELECT t.institution, t.item, t.at, CASE WHEN SUM(t.counted) > 0 THEN SUM(t.counted) ELSE 0 END AS counted
FROM (
  SELECT n.fixmedins_code AS institution, n.med_list_codg AS item, n.invdate AS at, CAST(n.inv_cnt AS DECIMAL(38, 6)) AS counted
  FROM (
    SELECT r.fixmedins_code, r.med_list_codg, r.invdate, r.inv_cnt,
      ROW_NUMBER() OVER (
        PARTITION BY r.fixmedins_code, r.med_list_codg, r.fixmedins_hilist_id, r.fixmedins_bchno, r.invdate, r.drug_trac_codg
        ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
      ) AS version
    FROM raw_fsi_3501 AS r
  ) AS n
  WHERE n.version = 1
) AS t
GROUP BY t.institution, t.item, t.at;

CREATE TABLE stock_moves AS
SELECT n.fixmedins_code AS institution, n.med_list_codg AS item, n.purc_retn_stoin_time AS at,
  CAST(n.purc_retn_cnt AS DECIMAL(38, 6)) AS moved
FROM (
  SELECT r.fixmedins_code, r.med_list_codg, r.purc_retn_stoin_time, r.purc_retn_cnt,
    ROW_NUMBER() OVER (
      PARTITION BY r.fixmedins_code, r.med_list_codg, r.fixmedins_hilist_id, r.fixmedins_bchno, r.dynt_no, r.purc_invo_no,
        r.purc_retn_stoin_time, r.drug_trac_codg
      ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
    ) AS version
  FROM raw_fsi_3503 AS r
) AS n
WHERE n.version = 1
UNION ALL
SELECT n.fixmedins_code AS institution, n.med_list_codg AS item, n.purc_retn_stoin_time AS at,
  -ABS(CAST(n.purc_retn_cnt AS DECIMAL(38, 6))) AS moved
FROM (
  SELECT r.fixmedins_code, r.med_list_codg, r.purc_retn_stoin_time, r.purc_retn_cnt,
    ROW_NUMBER() OVER (
      PARTITION BY r.fixmedins_code, r.med_list_codg, r.fixmedins_hilist_id, r.fixmedins_bchno, r.dynt_no, r.purc_invo_no,
        r.purc_retn_stoin_time, r.drug_trac_codg
      ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
    ) AS version
  FROM raw_fsi_3504 AS r
) AS n
WHERE n.version = 1
UNION ALL
SELECT n.fixmedins_code AS institution, n.med_list_codg AS item, n.inv_chg_time AS at,
  CASE WHEN n.inv_chg_type IN ('102', '104', '105', '107') THEN -ABS(CAST(n.cnt AS DECIMAL(38, 6)))
    ELSE ABS(CAST(n.cnt AS DECIMAL(38, 6))) END AS moved
FROM (
  SELECT r.fixmedins_code, r.med_list_codg, r.inv_chg_type, r.inv_chg_time, r.cnt,
    ROW_NUMBER() OVER (
      PARTITION BY r.fixmedins_code, r.med_list_codg, r.fixmedins_hilist_id, r.fixmedins_bchno, r.inv_chg_type, r.inv_chg_time,
        r.drug_trac_codg
      ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
    ) AS version
  FROM raw_fsi_3502 AS r
) AS n
WHERE n.version = 1;

CREATE TABLE stock_events AS
SELECT e.institution, e.item, e.month, e.moved, e.billed, e.amount,
  SUM(e.start) OVER (
    PARTITION BY e.institution, e.item ORDER BY e.time ASC, e.start DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS span
FROM (
  SELECT x.institution, x.item, EXTRACT(YEAR FROM x.at) * 12 + EXTRACT(MONTH FROM x.at) - 1 AS month,
    DATEDIFF(DAY, DATE '1970-01-01', CAST(x.at AS DATE)) * 86400 + EXTRACT(HOUR FROM x.at) * 3600 + EXTRACT(MINUTE FROM x.at) * 60
      + CAST(FLOOR(EXTRACT(SECOND FROM x.at)) AS BIGINT) AS time,
    x.start, CAST(x.moved * 1000000 AS BIGINT) AS moved, 0 AS billed, 0 AS amount
  FROM (
    SELECT t.institution, t.item, t.at, 1 AS start, CAST(t.counted AS DECIMAL(38, 6)) AS moved FROM stocktakes AS t
    UNION ALL
    SELECT m.institution, m.item, m.at, 0 AS start, m.moved FROM stock_moves AS m
  ) AS x
  UNION ALL
  SELECT l.institution, l.item, l.month, l.time, 0 AS start, 0 AS moved, l.quantity AS billed, l.amount
  FROM lines AS l
  INNER JOIN (
    SELECT t.institution, t.item FROM stocktakes AS t
    UNION
    SELECT m.institution, m.item FROM stock_moves AS m
  ) AS k ON k.institution = l.institution AND k.item = l.item
  WHERE l.live
) AS e;

CREATE TABLE stock AS
SELECT s.institution, s.item,
  CASE WHEN SUBSTRING(s.item, 1, 1) BETWEEN '0' AND '9' THEN CASE WHEN LENGTH(s.item) = 15 THEN 'service' END
    WHEN SUBSTRING(s.item, 1, 1) = 'X' THEN 'western' WHEN SUBSTRING(s.item, 1, 1) = 'Z' THEN 'patent'
    WHEN SUBSTRING(s.item, 1, 1) = 'T' THEN 'piece' WHEN SUBSTRING(s.item, 1, 1) = 'C' THEN 'consumable' END AS category,
  s.month, DATEDIFF(DAY, DATE '1970-01-01', MAKE_DATE(s.month // 12, s.month % 12 + 1, 1)) AS date, i.region,
  CAST(SUM(CASE WHEN s.span > 0 THEN s.billed ELSE 0 END) AS BIGINT) AS billed,
  CAST(SUM(CASE WHEN s.span > 0 THEN s.missing END) AS BIGINT) AS shortfall,
  CAST(SUM(
    CASE WHEN s.span = 0 THEN NULL
      WHEN s.billed > 0 THEN (2 * CAST(s.missing AS HUGEINT) * CAST(s.amount AS HUGEINT) + CAST(s.billed AS HUGEINT))
        // (2 * CAST(s.billed AS HUGEINT))
      ELSE 0 END
  ) AS BIGINT) AS value
FROM (
  SELECT b.institution, b.item, b.span, b.month, b.billed, b.amount,
    CASE WHEN b.below > COALESCE(b.shown, 0) THEN b.below - COALESCE(b.shown, 0) ELSE 0 END AS missing
  FROM (
    SELECT c.institution, c.item, c.span, c.month, c.billed, c.amount, c.below,
      MAX(c.below) OVER (
        PARTITION BY c.institution, c.item, c.span ORDER BY c.month ASC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS shown
    FROM (
      SELECT r.institution, r.item, r.span, r.month, r.billed, r.amount,
        CASE WHEN r.billed > r.moved THEN r.billed - r.moved ELSE 0 END AS below
      FROM (
        SELECT g.institution, g.item, g.span, g.month,
          SUM(g.moved) OVER (PARTITION BY g.institution, g.item, g.span ORDER BY g.month ASC) AS moved,
          SUM(g.billed) OVER (PARTITION BY g.institution, g.item, g.span ORDER BY g.month ASC) AS billed,
          SUM(g.amount) OVER (PARTITION BY g.institution, g.item, g.span ORDER BY g.month ASC) AS amount
        FROM (
          SELECT v.institution, v.item, v.span, v.month, SUM(v.moved) AS moved, SUM(v.billed) AS billed, SUM(v.amount) AS amount
          FROM stock_events AS v
          GROUP BY v.institution, v.item, v.span, v.month
        ) AS g
      ) AS r
    ) AS c
  ) AS b
) AS s
LEFT JOIN institutions AS i ON i.institution = s.institution
GROUP BY s.institution, s.item, s.month, i.region;

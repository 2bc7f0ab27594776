-- Refunds and the lines they name (semantics.md 1). Only numbers that a refund names are looked up among all lines.

CREATE TABLE refunds AS
SELECT c.person, c.fixmedins_code, c.bkkp_sn, c.setl_id, c.init_feedetl_sn,
  CAST(CAST(c.cnt AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS quantity,
  CAST(CAST(c.det_item_fee_sumamt AS DECIMAL(38, 2)) * 100 AS BIGINT) AS amount
FROM chosen_lines AS c
WHERE c.cnt < 0;

CREATE TABLE named_lines AS
SELECT c.fixmedins_code, c.bkkp_sn, c.person, c.cnt >= 0 AS charge
FROM chosen_lines AS c
INNER JOIN (SELECT DISTINCT r.init_feedetl_sn FROM refunds AS r WHERE r.init_feedetl_sn IS NOT NULL) AS n
  ON n.init_feedetl_sn = c.bkkp_sn;

-- Foreign: another person's line, a refund, or a line of another institution of this person.
CREATE TABLE refund_links AS
SELECT r.person, r.fixmedins_code, r.bkkp_sn, r.setl_id, r.init_feedetl_sn, r.quantity, r.amount,
  CASE WHEN r.init_feedetl_sn IS NULL THEN 'unlinked'
    WHEN t.person = r.person AND t.charge THEN 'linked'
    WHEN t.person IS NOT NULL OR n.person IS NOT NULL THEN 'foreign'
    ELSE 'pending' END AS link
FROM refunds AS r
LEFT JOIN named_lines AS t ON t.fixmedins_code = r.fixmedins_code AND t.bkkp_sn = r.init_feedetl_sn
LEFT JOIN (SELECT DISTINCT k.person, k.bkkp_sn FROM named_lines AS k) AS n
  ON n.person = r.person AND n.bkkp_sn = r.init_feedetl_sn;

-- A refund whose own settlement is reversed takes nothing away.
CREATE TABLE refund_sums AS
SELECT r.fixmedins_code, r.init_feedetl_sn AS bkkp_sn, CAST(SUM(r.quantity) AS BIGINT) AS quantity, CAST(SUM(r.amount) AS BIGINT) AS amount
FROM refund_links AS r
LEFT JOIN reversed_settlements AS x ON x.person = r.person AND x.setl_id = r.setl_id
WHERE r.link = 'linked' AND x.setl_id IS NULL
GROUP BY r.fixmedins_code, r.init_feedetl_sn;

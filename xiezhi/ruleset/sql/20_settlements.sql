-- Settlements and what reverses them: a flag of its own, or another settlement of the same person that names it (init_setl_id).

CREATE TABLE reversed_settlements AS
SELECT s.person, s.setl_id FROM chosen_settlements AS s WHERE s.refd_setl_flag = '1'
UNION
SELECT s.person, s.init_setl_id AS setl_id FROM chosen_settlements AS s WHERE s.init_setl_id IS NOT NULL;

-- Reversed settlements that are not there yet (or belong to nobody we know) have no money, but their lines are gone as well.
CREATE TABLE settlement_facts AS
SELECT COALESCE(s.person, x.person) AS person, COALESCE(s.setl_id, x.setl_id) AS setl_id, s.mdtrt_id, s.fund, s.total,
  x.setl_id IS NOT NULL AS gone
FROM chosen_settlements AS s
FULL OUTER JOIN reversed_settlements AS x ON x.person = s.person AND x.setl_id = s.setl_id;

CREATE TABLE encounter_money AS
SELECT s.person, s.mdtrt_id, COUNT(*) AS settlements, CAST(SUM(s.fund) AS BIGINT) AS fund, CAST(SUM(s.total) AS BIGINT) AS total
FROM settlement_facts AS s
WHERE NOT s.gone
GROUP BY s.person, s.mdtrt_id;

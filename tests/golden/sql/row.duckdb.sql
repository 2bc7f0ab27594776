WITH c0 AS (
  SELECT
    l.amount,
    l.date,
    l.doctor,
    l.encounter,
    l.fund,
    l.id,
    l.institution,
    l.item,
    l.name,
    l.person,
    l.region,
    l.settled,
    l.settlement,
    l.sex,
    l.time,
    l.total,
    k.sex AS p_sex,
    COALESCE(k.kp_id, '') AS kp_id,
    COALESCE(k.side, '') AS side
  FROM lines AS l
  INNER JOIN point_items AS k
    ON k.class_no = 67
    AND k.code = l.item
    AND k.start <= l.date
    AND (
      k.end_ IS NULL OR k.end_ >= l.date
    )
    AND k.side = 'a'
    AND (
      k.region = ''
      OR (
        LENGTH(l.region) = 6
        AND k.region IN (l.region, SUBSTRING(l.region, 1, 4) || '00', SUBSTRING(l.region, 1, 2) || '0000')
      )
    )
  WHERE
    l.date >= 18748 AND l.live
), judged AS (
  SELECT
    c0.*,
    (
      c0.sex <> c0.p_sex
    ) AS truth
  FROM c0
)
SELECT
  judged.truth AS truth,
  judged.kp_id AS kp_id,
  COALESCE(CAST(judged.institution AS TEXT), '') AS subject_0,
  COALESCE(CAST(judged.id AS TEXT), '') AS subject_1,
  judged.id AS row_id,
  judged.institution AS row_institution,
  judged.person AS row_person,
  judged.encounter AS row_encounter,
  judged.settlement AS row_settlement,
  judged.doctor AS row_doctor,
  judged.item AS row_item,
  judged.name AS row_name,
  judged.date AS row_date,
  judged.time AS row_time,
  judged.amount AS row_amount,
  judged.fund AS row_fund,
  judged.total AS row_total,
  CASE
    WHEN NOT CAST(judged.amount AS INT128) IS NULL
    THEN GREATEST(CAST(judged.amount AS INT128), CAST(0 AS INT128))
    ELSE CAST(0 AS INT128)
  END AS numerator,
  CASE
    WHEN NOT CAST(judged.amount AS INT128) IS NULL
    THEN CAST(1 AS INT128)
    ELSE CAST(1 AS INT128)
  END AS denominator,
  NULL AS credit,
  NULL AS counted,
  NULL AS limit_,
  judged.sex IS NULL AS missing_0,
  judged.p_sex IS NULL AS missing_1
FROM judged
WHERE
  COALESCE(judged.truth, TRUE)

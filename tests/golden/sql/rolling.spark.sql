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
    l.quantity,
    l.region,
    l.settled,
    l.settlement,
    l.time,
    l.total,
    k.max_quantity AS p_max_quantity,
    k.per_days AS p_per_days,
    COALESCE(k.kp_id, '') AS kp_id,
    COALESCE(k.side, '') AS side
  FROM lines AS l
  INNER JOIN point_items AS k
    ON k.class_no = 31
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
), e_used AS (
  SELECT
    c0.person AS key_0,
    c0.kp_id AS key_1,
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side,
    c0.date AS day,
    1 AS is_line,
    c0.time AS at,
    COALESCE(c0.quantity, 0) AS delta
  FROM c0
  UNION ALL
  SELECT
    c0.person AS key_0,
    c0.kp_id AS key_1,
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side,
    c0.date + (
      c0.p_per_days
    ) AS day,
    0 AS is_line,
    0 AS at,
    -(
      COALESCE(c0.quantity, 0)
    ) AS delta
  FROM c0
  WHERE
    NOT (
      c0.p_per_days
    ) IS NULL
), s_used AS (
  SELECT
    e_used.institution,
    e_used.id,
    e_used.kp_id,
    e_used.side,
    e_used.is_line,
    CAST(SUM(e_used.delta) OVER (
      PARTITION BY e_used.key_0, e_used.key_1
      ORDER BY e_used.day NULLS LAST, e_used.is_line NULLS LAST, e_used.at NULLS LAST, e_used.institution NULLS LAST, e_used.id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS total
  FROM e_used
), w_used AS (
  SELECT
    c0.*,
    CASE WHEN NOT (
      c0.p_per_days
    ) IS NULL THEN s_used.total END AS f_used
  FROM c0
  JOIN s_used
    ON c0.institution = s_used.institution
    AND c0.id = s_used.id
    AND c0.kp_id = s_used.kp_id
    AND c0.side = s_used.side
    AND s_used.is_line = 1
), judged AS (
  SELECT
    w_used.*,
    (
      w_used.f_used > w_used.p_max_quantity
    ) AS truth
  FROM w_used
)
SELECT
  judged.truth AS truth,
  judged.kp_id AS kp_id,
  COALESCE(CAST(judged.institution AS STRING), '') AS subject_0,
  COALESCE(CAST(judged.id AS STRING), '') AS subject_1,
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
    WHEN NOT CAST(judged.amount AS DECIMAL(38, 0)) IS NULL
    AND NOT CAST(CASE
      WHEN NOT judged.quantity IS NULL
      AND NOT (
        judged.f_used - judged.p_max_quantity
      ) IS NULL
      THEN LEAST(judged.quantity, (
        judged.f_used - judged.p_max_quantity
      ))
    END AS DECIMAL(38, 0)) IS NULL
    AND CAST(judged.quantity AS DECIMAL(38, 0)) > 0
    THEN GREATEST(
      CAST(judged.amount AS DECIMAL(38, 0)) * CAST(CASE
        WHEN NOT judged.quantity IS NULL
        AND NOT (
          judged.f_used - judged.p_max_quantity
        ) IS NULL
        THEN LEAST(judged.quantity, (
          judged.f_used - judged.p_max_quantity
        ))
      END AS DECIMAL(38, 0)),
      CAST(0 AS DECIMAL(38, 0))
    )
    ELSE CAST(0 AS DECIMAL(38, 0))
  END AS numerator,
  CASE
    WHEN NOT CAST(judged.amount AS DECIMAL(38, 0)) IS NULL
    AND NOT CAST(CASE
      WHEN NOT judged.quantity IS NULL
      AND NOT (
        judged.f_used - judged.p_max_quantity
      ) IS NULL
      THEN LEAST(judged.quantity, (
        judged.f_used - judged.p_max_quantity
      ))
    END AS DECIMAL(38, 0)) IS NULL
    AND CAST(judged.quantity AS DECIMAL(38, 0)) > 0
    THEN CAST(judged.quantity AS DECIMAL(38, 0))
    ELSE CAST(1 AS DECIMAL(38, 0))
  END AS denominator,
  NULL AS credit,
  judged.f_used AS counted,
  judged.p_max_quantity AS limit_,
  judged.p_max_quantity IS NULL AS missing_0,
  judged.f_used IS NULL AS missing_1
FROM judged
WHERE
  COALESCE(judged.truth, TRUE)

WITH c0 AS (
  SELECT
    l.amount,
    l.date,
    l.doctor,
    l.encounter,
    l.fund,
    l.hour,
    l.id,
    l.institution,
    l.item,
    l.name,
    l.person,
    l.region,
    l.settled,
    l.settlement,
    l.time,
    l.total,
    l.year,
    k.window AS p_window,
    k.window_hours AS p_window_hours,
    COALESCE(k.kp_id, '') AS kp_id,
    COALESCE(k.side, '') AS side
  FROM lines AS l
  INNER JOIN point_items AS k
    ON k.class_no = 25
    AND k.code = l.item
    AND k.start <= l.date
    AND (
      k.end_ IS NULL OR k.end_ >= l.date
    )
    AND k.side = 'b'
    AND (
      k.region = ''
      OR (
        LENGTH(l.region) = 6
        AND k.region IN (l.region, SUBSTRING(l.region, 1, 4) || '00', SUBSTRING(l.region, 1, 2) || '0000')
      )
    )
  WHERE
    l.date >= 18748 AND l.live
), r_main_charged AS (
  SELECT
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side,
    MAX(2) AS value
  FROM c0
  JOIN (
    SELECT
      l.date,
      l.encounter,
      l.hour,
      l.id,
      l.institution,
      l.month,
      l.person,
      l.prescription,
      l.time,
      l.year,
      k.kp_id AS partner_kp,
      k.side AS partner_side
    FROM lines AS l
    JOIN point_items AS k
      ON k.code = l.item AND k.class_no = 25
    WHERE
      k.side = 'a' AND l.live
  ) AS o
    ON o.person = c0.person
    AND o.partner_kp = c0.kp_id
    AND NOT (
      o.institution = c0.institution AND o.id = c0.id
    )
    AND (
      CASE
        WHEN c0.p_window = 'day'
        THEN o.institution = c0.institution AND o.date = c0.date
        WHEN c0.p_window = 'calendar_day'
        THEN o.institution = c0.institution AND o.date = c0.date
        WHEN c0.p_window = 'encounter'
        THEN o.institution = c0.institution AND o.encounter = c0.encounter
        WHEN c0.p_window = 'hour'
        THEN o.institution = c0.institution AND o.hour = c0.hour
        WHEN c0.p_window = 'hours'
        THEN o.institution = c0.institution
        AND ABS(o.time - c0.time) <= (
          c0.p_window_hours
        ) * 3600
        WHEN c0.p_window = 'year'
        THEN o.year = c0.year
      END
    )
  GROUP BY
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side
), j_main_charged AS (
  SELECT
    c0.*,
    CASE
      WHEN NOT (
        COALESCE(
          CASE
            WHEN c0.p_window = 'day'
            THEN CAST(c0.date AS STRING)
            WHEN c0.p_window = 'calendar_day'
            THEN CAST(c0.date AS STRING)
            WHEN c0.p_window = 'encounter'
            THEN CAST(c0.encounter AS STRING)
            WHEN c0.p_window = 'hour'
            THEN CAST(c0.hour AS STRING)
            WHEN c0.p_window = 'year'
            THEN CAST(c0.year AS STRING)
          END,
          CASE WHEN c0.p_window = 'hours' THEN CAST(c0.p_window_hours AS STRING) END
        )
      ) IS NULL
      THEN CASE
        WHEN r_main_charged.value = 2
        THEN TRUE
        WHEN r_main_charged.value IS NULL AND c0.settled
        THEN FALSE
      END
    END AS f_main_charged
  FROM c0
  LEFT JOIN r_main_charged
    ON c0.institution = r_main_charged.institution
    AND c0.id = r_main_charged.id
    AND c0.kp_id = r_main_charged.kp_id
    AND c0.side = r_main_charged.side
), judged AS (
  SELECT
    j_main_charged.*,
    j_main_charged.f_main_charged AS truth
  FROM j_main_charged
)
SELECT
  judged.truth AS truth,
  judged.kp_id AS kp_id,
  COALESCE(CAST(judged.person AS STRING), '') AS subject_0,
  COALESCE(CAST(judged.institution AS STRING), '') AS subject_1,
  COALESCE(
    CAST(CASE
      WHEN judged.p_window = 'day'
      THEN 'day'
      WHEN judged.p_window = 'calendar_day'
      THEN 'day'
      WHEN judged.p_window = 'encounter'
      THEN 'encounter'
      WHEN judged.p_window = 'hour'
      THEN 'hour'
      WHEN judged.p_window = 'hours'
      THEN 'hours'
      WHEN judged.p_window = 'year'
      THEN 'year'
    END AS STRING),
    ''
  ) AS subject_2,
  COALESCE(
    CAST(CASE
      WHEN judged.p_window = 'day'
      THEN CAST(judged.date AS STRING)
      WHEN judged.p_window = 'calendar_day'
      THEN CAST(judged.date AS STRING)
      WHEN judged.p_window = 'encounter'
      THEN CAST(judged.encounter AS STRING)
      WHEN judged.p_window = 'hour'
      THEN CAST(judged.hour AS STRING)
      WHEN judged.p_window = 'year'
      THEN CAST(judged.year AS STRING)
      ELSE judged.id
    END AS STRING),
    ''
  ) AS subject_3,
  COALESCE(CAST(judged.item AS STRING), '') AS subject_4,
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
    THEN GREATEST(CAST(judged.amount AS DECIMAL(38, 0)), CAST(0 AS DECIMAL(38, 0)))
    ELSE CAST(0 AS DECIMAL(38, 0))
  END AS numerator,
  CASE
    WHEN NOT CAST(judged.amount AS DECIMAL(38, 0)) IS NULL
    THEN CAST(1 AS DECIMAL(38, 0))
    ELSE CAST(1 AS DECIMAL(38, 0))
  END AS denominator,
  NULL AS credit,
  NULL AS counted,
  NULL AS limit_,
  judged.f_main_charged IS NULL AS missing_0
FROM judged
WHERE
  COALESCE(judged.truth, TRUE)

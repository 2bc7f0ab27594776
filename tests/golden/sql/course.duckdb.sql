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
    l.time,
    l.total,
    k.course_days AS p_course_days,
    k.course_mode AS p_course_mode,
    k.course_months AS p_course_months,
    COALESCE(k.kp_id, '') AS kp_id,
    COALESCE(k.side, '') AS side
  FROM lines AS l
  INNER JOIN point_items AS k
    ON k.class_no = 10
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
), g_days_used AS (
  SELECT
    c0.*,
    LAG(c0.date) OVER (PARTITION BY c0.person, c0.kp_id ORDER BY c0.time, c0.institution, c0.id) AS before_days_used
  FROM c0
), m_days_used AS (
  SELECT
    g_days_used.*,
    CASE
      WHEN COALESCE(
        (
          g_days_used.date - g_days_used.before_days_used > CASE WHEN g_days_used.date >= 18262 THEN 14 END
        ),
        TRUE
      )
      THEN 1
      ELSE 0
    END AS new_course_days_used
  FROM g_days_used
), n_days_used AS (
  SELECT
    m_days_used.*,
    SUM(m_days_used.new_course_days_used) OVER (
      PARTITION BY m_days_used.person, m_days_used.kp_id
      ORDER BY m_days_used.time, m_days_used.institution, m_days_used.id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS course_days_used
  FROM m_days_used
), d_days_used AS (
  SELECT
    n_days_used.*,
    CASE
      WHEN ROW_NUMBER() OVER (
        PARTITION BY n_days_used.person, n_days_used.kp_id, n_days_used.course_days_used, n_days_used.date
        ORDER BY n_days_used.time, n_days_used.institution, n_days_used.id
      ) = 1
      AND NOT (
        n_days_used.date
      ) IS NULL
      THEN 1
      ELSE 0
    END AS new_days_used
  FROM n_days_used
), w_days_used AS (
  SELECT
    d_days_used.*,
    CAST(SUM(COALESCE(d_days_used.new_days_used, 0)) OVER (
      PARTITION BY d_days_used.person, d_days_used.kp_id, d_days_used.course_days_used
      ORDER BY d_days_used.time, d_days_used.institution, d_days_used.id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS BIGINT) AS f_days_used
  FROM d_days_used
), w_course_start AS (
  SELECT
    w_days_used.*,
    FIRST_VALUE(w_days_used.date) OVER (
      PARTITION BY w_days_used.person, w_days_used.kp_id, w_days_used.course_days_used
      ORDER BY w_days_used.time, w_days_used.institution, w_days_used.id
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS f_course_start
  FROM w_days_used
), judged AS (
  SELECT
    w_course_start.*,
    (
      (
        (
          w_course_start.p_course_mode = 'days'
        )
        AND (
          w_course_start.f_days_used > w_course_start.p_course_days
        )
      )
      OR (
        (
          w_course_start.p_course_mode = 'span'
        )
        AND NOT (
          (
            (
              w_course_start.p_course_days
            ) IS NULL
          )
        )
        AND (
          (
            (
              w_course_start.date - w_course_start.f_course_start
            ) + 1
          ) > w_course_start.p_course_days
        )
      )
      OR (
        (
          w_course_start.p_course_mode = 'span'
        )
        AND NOT (
          (
            (
              w_course_start.p_course_months
            ) IS NULL
          )
        )
        AND (
          (
            EXTRACT(YEAR FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
              CAST(w_course_start.date AS INT)
            ) DAY AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
              CAST(w_course_start.date AS INT)
            ) DAY AS DATE)) - (
              EXTRACT(YEAR FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
                CAST(w_course_start.f_course_start AS INT)
              ) DAY AS DATE)) * 12 + EXTRACT(MONTH FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
                CAST(w_course_start.f_course_start AS INT)
              ) DAY AS DATE))
            ) - CASE
              WHEN EXTRACT(DAY FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
                CAST(w_course_start.date AS INT)
              ) DAY AS DATE)) < EXTRACT(DAY FROM CAST(CAST('1970-01-01' AS DATE) + INTERVAL (
                CAST(w_course_start.f_course_start AS INT)
              ) DAY AS DATE))
              THEN 1
              ELSE 0
            END
          ) >= w_course_start.p_course_months
        )
      )
    ) AS truth
  FROM w_course_start
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
  judged.f_days_used AS counted,
  judged.p_course_days AS limit_,
  judged.f_course_start IS NULL AS missing_0,
  judged.f_days_used IS NULL AS missing_1,
  judged.date IS NULL AS missing_2,
  judged.p_course_days IS NULL AS missing_3,
  judged.p_course_mode IS NULL AS missing_4,
  judged.p_course_months IS NULL AS missing_5
FROM judged
WHERE
  COALESCE(judged.truth, TRUE)

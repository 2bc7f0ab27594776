WITH c0 AS (
  SELECT
    *
  FROM (
    SELECT
      l.begin_date,
      l.begin_time,
      l.fund,
      l.id,
      l.institution,
      l.kind,
      l.main_category,
      l.main_diagnosis,
      l.moved,
      l.person,
      l.region,
      l.total,
      '' AS kp_id,
      '' AS side
    FROM encounters AS l
    WHERE
      l.begin_date >= 18748 AND l.live
  ) AS l
  WHERE
    (
      l.kind = 'inpatient'
    )
), r_readmitted AS (
  SELECT
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side,
    MIN(c0.begin_date) AS begin_date,
    MIN(c0.begin_time) AS begin_time,
    MIN(c0.fund) AS fund,
    MIN(c0.kind) AS kind,
    MIN(c0.main_category) AS main_category,
    MIN(c0.main_diagnosis) AS main_diagnosis,
    MIN(c0.moved) AS moved,
    MIN(c0.person) AS person,
    MIN(c0.region) AS region,
    MIN(c0.total) AS total,
    MAX(
      CASE
        WHEN (
          (
            o.begin_time < c0.begin_time
          )
          AND (
            o.end_date <= c0.begin_date
          )
          AND (
            (
              c0.begin_date - o.end_date
            ) <= CASE WHEN c0.begin_date >= 18262 THEN 15 END
          )
          AND NOT (
            o.moved
          )
        )
        THEN 2
        ELSE 1
      END
    ) AS value
  FROM c0
  JOIN (
    SELECT
      e.*
    FROM encounters AS e
    WHERE
      e.live AND e.kind = 'inpatient'
  ) AS o
    ON o.person = c0.person
    AND NOT (
      o.institution = c0.institution AND o.id = c0.id
    )
    AND o.institution = c0.institution
    AND o.main_category = c0.main_category
    AND COALESCE(
      (
        (
          (
            o.begin_time < c0.begin_time
          )
          AND (
            o.end_date <= c0.begin_date
          )
          AND (
            (
              c0.begin_date - o.end_date
            ) <= CASE WHEN c0.begin_date >= 18262 THEN 15 END
          )
          AND NOT (
            o.moved
          )
        )
      ),
      TRUE
    )
  GROUP BY
    c0.institution,
    c0.id,
    c0.kp_id,
    c0.side
), j_readmitted AS (
  SELECT
    r_readmitted.*,
    CASE
      WHEN r_readmitted.value = 2
      THEN TRUE
      WHEN r_readmitted.value IS NULL
      THEN FALSE
    END AS f_readmitted
  FROM r_readmitted
), r_last_discharge AS (
  SELECT
    j_readmitted.institution,
    j_readmitted.id,
    j_readmitted.kp_id,
    j_readmitted.side,
    MAX(o.end_date) AS value
  FROM j_readmitted
  JOIN (
    SELECT
      e.*
    FROM encounters AS e
    WHERE
      e.live AND e.kind = 'inpatient'
  ) AS o
    ON o.person = j_readmitted.person
    AND NOT (
      o.institution = j_readmitted.institution AND o.id = j_readmitted.id
    )
    AND o.institution = j_readmitted.institution
    AND o.main_category = j_readmitted.main_category
    AND (
      (
        (
          o.begin_time < j_readmitted.begin_time
        )
        AND (
          o.end_date <= j_readmitted.begin_date
        )
      )
    )
  GROUP BY
    j_readmitted.institution,
    j_readmitted.id,
    j_readmitted.kp_id,
    j_readmitted.side
), j_last_discharge AS (
  SELECT
    j_readmitted.*,
    r_last_discharge.value AS f_last_discharge
  FROM j_readmitted
  LEFT JOIN r_last_discharge
    ON j_readmitted.institution = r_last_discharge.institution
    AND j_readmitted.id = r_last_discharge.id
    AND j_readmitted.kp_id = r_last_discharge.kp_id
    AND j_readmitted.side = r_last_discharge.side
), judged AS (
  SELECT
    j_last_discharge.*,
    (
      j_last_discharge.f_readmitted
      AND NOT (
        (
          SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'Z51'
        )
      )
      AND NOT (
        (
          SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'Z49'
        )
      )
      AND NOT (
        (
          SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'O80'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'O81'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'O82'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'O83'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'O84'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'Z37'
          OR SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'Z38'
        )
      )
      AND NOT (
        (
          SUBSTRING(j_last_discharge.main_diagnosis, 1, 1) = 'F'
        )
      )
      AND NOT (
        (
          SUBSTRING(j_last_discharge.main_diagnosis, 1, 3) = 'Z50'
        )
      )
      AND NOT (
        j_last_discharge.moved
      )
    ) AS truth
  FROM j_last_discharge
)
SELECT
  judged.truth AS truth,
  judged.kp_id AS kp_id,
  COALESCE(CAST(judged.id AS TEXT), '') AS subject_0,
  judged.id AS row_id,
  judged.institution AS row_institution,
  judged.person AS row_person,
  judged.begin_date AS row_begin_date,
  judged.begin_time AS row_begin_time,
  judged.fund AS row_fund,
  judged.total AS row_total,
  CASE
    WHEN NOT CAST(judged.fund AS INT128) IS NULL
    THEN GREATEST(CAST(judged.fund AS INT128), CAST(0 AS INT128))
    ELSE CAST(0 AS INT128)
  END AS numerator,
  CASE
    WHEN NOT CAST(judged.fund AS INT128) IS NULL
    THEN CAST(1 AS INT128)
    ELSE CAST(1 AS INT128)
  END AS denominator,
  NULL AS credit,
  (
    judged.begin_date - judged.f_last_discharge
  ) AS counted,
  CASE WHEN judged.begin_date >= 18262 THEN 15 END AS limit_,
  judged.main_diagnosis IS NULL AS missing_0,
  judged.moved IS NULL AS missing_1,
  judged.f_readmitted IS NULL AS missing_2
FROM judged
WHERE
  COALESCE(judged.truth, TRUE)

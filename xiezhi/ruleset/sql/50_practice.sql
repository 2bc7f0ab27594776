-- Practitioners on the dates on which they billed, and the usual price of an item at an institution.

CREATE TABLE practitioners AS
SELECT p.staff_code, p.fixmedins_code, p.begndate, p.enddate, p.status, p.updt_time, p.dr_profttl, p.caty, p.content_hash,
  ROW_NUMBER() OVER (
    PARTITION BY p.staff_code, p.fixmedins_code ORDER BY p.begndate DESC NULLS LAST, p.content_hash DESC
  ) AS place
FROM (
  SELECT r.staff_code, r.fixmedins_code, r.begndate, r.enddate, r.status, r.updt_time, r.dr_profttl, r.caty, r.content_hash,
    ROW_NUMBER() OVER (
      PARTITION BY r.staff_code, r.fixmedins_code, r.begndate
      ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
    ) AS version
  FROM raw_staff_d AS r
) AS p
WHERE p.version = 1;

-- 2 registered, 1 unknown, 0 not registered: one covering registration is enough, and one unknown forbids a "no".
CREATE TABLE practice AS
SELECT d.staff_code, d.fixmedins_code, d.day,
  CASE MAX(
    CASE WHEN p.begndate IS NULL THEN 1
      WHEN d.day < p.begndate OR (p.enddate IS NOT NULL AND d.day > p.enddate) THEN 0
      WHEN p.status = '1' THEN 2
      WHEN p.status IN ('2', '3') AND CAST(p.updt_time AS DATE) <= d.day THEN 0
      ELSE 1 END
  ) WHEN 2 THEN TRUE WHEN 0 THEN FALSE END AS qualified,
  MAX(CASE WHEN p.place = 1 THEN p.dr_profttl END) AS title,
  MAX(CASE WHEN p.place = 1 THEN p.caty END) AS caty
FROM (
  SELECT DISTINCT c.bilg_dr_code AS staff_code, c.fixmedins_code, CAST(c.fee_ocur_time AS DATE) AS day
  FROM chosen_lines AS c
  WHERE c.bilg_dr_code IS NOT NULL
) AS d
INNER JOIN practitioners AS p ON p.staff_code = d.staff_code AND p.fixmedins_code = d.fixmedins_code
GROUP BY d.staff_code, d.fixmedins_code, d.day;

CREATE TABLE usual_prices AS
SELECT u.fixmedins_code, u.med_list_codg, CAST(CAST(u.pric AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS price
FROM (
  SELECT g.fixmedins_code, g.med_list_codg, g.pric,
    ROW_NUMBER() OVER (PARTITION BY g.fixmedins_code, g.med_list_codg ORDER BY g.times DESC, g.pric DESC) AS place
  FROM (
    SELECT c.fixmedins_code, c.med_list_codg, c.pric, COUNT(*) AS times
    FROM chosen_lines AS c
    WHERE c.cnt > 0
    GROUP BY c.fixmedins_code, c.med_list_codg, c.pric
  ) AS g
) AS u
WHERE u.place = 1;

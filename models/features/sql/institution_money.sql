-- What an institution's fees consist of, beside what the region pays for the same items.
WITH items AS (SELECT institution, item, SUM(amount) AS amount FROM f_lines GROUP BY institution, item),
doctors AS (SELECT institution, doctor, SUM(amount) AS amount FROM f_lines WHERE doctor IS NOT NULL GROUP BY institution, doctor),
top_item AS (SELECT institution, MAX(amount) AS amount FROM items GROUP BY institution),
top_doctor AS (SELECT institution, MAX(amount) / NULLIF(SUM(amount), 0) AS share FROM doctors GROUP BY institution),
tests AS (
  SELECT d.institution, SUM(d.kinds) / SUM(d.visits) AS ratio
  FROM (
    SELECT l.institution, l.item, COUNT(DISTINCT v.main_category) AS kinds, COUNT(DISTINCT v.id) AS visits
    FROM f_lines AS l
    INNER JOIN f_visits AS v ON v.institution = l.institution AND v.id = l.encounter AND v.main_category IS NOT NULL
    WHERE l.diagnostic
    GROUP BY l.institution, l.item
    HAVING COUNT(DISTINCT v.id) >= 10
  ) AS d
  GROUP BY d.institution
),
refunds AS (
  SELECT l.institution, SUM(l.billed_amount - CASE WHEN l.live THEN l.amount ELSE 0 END) / NULLIF(SUM(l.billed_amount), 0) AS share
  FROM lines AS l, asked AS a
  WHERE l.billed_quantity > 0 AND l.date BETWEEN a.first_day AND a.last_day
  GROUP BY l.institution
),
traces AS (SELECT institution, COUNT(*) FILTER (WHERE again) / COUNT(*) AS share FROM f_sales GROUP BY institution HAVING COUNT(*) >= 20),
stocks AS (
  SELECT s.institution, SUM(s.value) AS value
  FROM stock AS s, asked AS a
  WHERE s.month BETWEEN a.first AND a.last AND s.value IS NOT NULL
  GROUP BY s.institution
)
SELECT l.institution AS subject_id,
  COALESCE(SUM(l.amount) FILTER (WHERE l.drug), 0) / NULLIF(SUM(l.amount), 0) AS drug_share,
  COALESCE(SUM(l.amount) FILTER (WHERE l.diagnostic), 0) / NULLIF(SUM(l.amount), 0) AS diagnostic_share,
  COALESCE(SUM(l.amount) FILTER (WHERE l.category = 'consumable'), 0) / NULLIF(SUM(l.amount), 0) AS consumable_share,
  COALESCE(SUM(l.amount) FILTER (WHERE l.treatment), 0) / NULLIF(SUM(l.amount), 0) AS treatment_share,
  SUM(l.in_scope) / NULLIF(SUM(l.amount) FILTER (WHERE l.in_scope IS NOT NULL), 0) AS scope_share,
  ANY_VALUE(i.amount) / NULLIF(SUM(l.amount), 0) AS top_item_share,
  COUNT(*) / COUNT(DISTINCT l.encounter) AS lines_per_visit,
  SUM(l.price::HUGEINT * l.quantity) FILTER (WHERE u.places >= 2 AND l.price > 0)
    / NULLIF(SUM(u.price::HUGEINT * l.quantity) FILTER (WHERE u.places >= 2 AND l.price > 0), 0) AS price_ratio,
  AVG((1000000 * LEAST(l.quantity / u.quantity, 50))::BIGINT) FILTER (WHERE u.places >= 2) / 1000000 AS quantity_ratio,
  ANY_VALUE(r.share) AS refund_share,
  CASE WHEN COUNT(l.qualified) > 0
    THEN COALESCE(SUM(l.amount) FILTER (WHERE NOT l.qualified), 0) / NULLIF(SUM(l.amount) FILTER (WHERE l.qualified IS NOT NULL), 0)
    END AS unqualified_share,
  ANY_VALUE(d.share) AS top_doctor_share,
  ANY_VALUE(t.ratio) AS item_diagnoses,
  ANY_VALUE(x.share) AS repeated_trace_share,
  ANY_VALUE(s.value) / NULLIF(SUM(l.amount) FILTER (WHERE l.drug OR l.category = 'consumable'), 0) AS stock_shortfall_share
FROM f_lines AS l
LEFT JOIN f_usual AS u ON u.item = l.item AND u.quantity > 0
LEFT JOIN top_item AS i ON i.institution = l.institution
LEFT JOIN top_doctor AS d ON d.institution = l.institution
LEFT JOIN tests AS t ON t.institution = l.institution
LEFT JOIN refunds AS r ON r.institution = l.institution
LEFT JOIN traces AS x ON x.institution = l.institution
LEFT JOIN stocks AS s ON s.institution = l.institution
GROUP BY l.institution

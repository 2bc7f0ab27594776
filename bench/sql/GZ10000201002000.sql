-- hand-written, for DuckDB: hits of GZ10000201002000 with the amount of each row in fen
WITH u AS (SELECT *, (2 * price::HUGEINT * billed_quantity + 10000000000) // 20000000000 AS computed
  FROM lines l WHERE l.live AND l.date >= 18748 AND l.billed_quantity > 0)
SELECT institution, id, '' AS kp_id, GREATEST(billed_amount - computed, 0) AS amount FROM u WHERE ABS(billed_amount - computed) > 1

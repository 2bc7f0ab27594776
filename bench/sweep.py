"""All rules as compiled from their files, beside the same rules written by hand in SQL (`bench/sql/`), on the same fact tables.

Both sides write their hits to a table; the hits and their money must be the same, row by row, or the benchmark fails.
The facts (versions, refunds, reversals) are built once before, for both; their time is reported as `facts_s`.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from bench._data import region
from bench._harness import alternate, finish, progress, ratios, read_options
from pipelines.ingest.run import ingest
from xiezhi.ruleset.compile_sql import compile_rule
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.duckdb_rules import register_knowledge
from xiezhi.storage.knowledge import KnowledgeBase

SQL = Path(__file__).parent / "sql"
SAME = """
WITH a AS (SELECT institution, id, kp_id, amount, COUNT(*) AS n FROM ours GROUP BY ALL),
     b AS (SELECT institution, id, kp_id, amount, COUNT(*) AS n FROM hand GROUP BY ALL)
SELECT COUNT(*) FROM ((SELECT * FROM a EXCEPT SELECT * FROM b) UNION ALL (SELECT * FROM b EXCEPT SELECT * FROM a))
"""


def facts(home: Path, source: Path, threads: int = 2) -> tuple[duckdb.DuckDBPyConnection, float]:
    """A connection with the facts and knowledge of a simulated region, and the seconds the facts took."""
    store = DeltaStore.of_home(home)
    ingest(sorted(source.glob("*.parquet")), store)
    knowledge = KnowledgeBase(home, find_rules_dir())
    knowledge.add(read_points([source / "knowledge" / "points.csv", source / "knowledge" / "codes.csv"]))
    start = time.perf_counter()
    con = open_facts(store, threads=threads)
    seconds = time.perf_counter() - start
    register_knowledge(con, knowledge.arrow())
    return con, seconds


def our_hits(rule: RuleSpec) -> str:
    """The compiled rule, reduced to the columns both sides have."""
    months = {"stock": "subject_1 || '@' || subject_2", "month": "subject_0 || '@' || subject_1"}
    identity = months.get(rule.row_kind, "row_id")
    return (
        f"SELECT row_institution AS institution, {identity} AS id, kp_id, "
        "((2 * numerator + denominator) // (2 * denominator))::BIGINT AS amount "
        f"FROM ({compile_rule(rule)}) WHERE truth"
    )


def main() -> None:
    """Run both and compare."""
    options = read_options(__doc__)
    persons, months = (10_000, 6) if options.quick else (20_000, 12)
    rules = load_rules(find_rules_dir()).active
    with tempfile.TemporaryDirectory() as folder:
        con, facts_seconds = facts(Path(folder), region(persons, months, seed=3))
        lines = con.execute("SELECT COUNT(*) FROM lines").fetchall()[0][0]
        progress(f"{lines:,} lines, facts in {facts_seconds:.1f} s")
        ours = {rule.id: our_hits(rule) for rule in rules}
        hand = {rule.id: (SQL / f"{rule.id}.sql").read_text("utf-8") for rule in rules}
        hits = 0
        for rule in rules:
            con.execute(f"CREATE OR REPLACE TEMP TABLE ours AS {ours[rule.id]}")
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE hand AS SELECT institution, id, kp_id, amount::BIGINT AS amount FROM ({hand[rule.id]})"
            )
            different = con.execute(SAME).fetchall()[0][0]
            hits += con.execute("SELECT COUNT(*) FROM ours").fetchall()[0][0]
            if different:
                raise SystemExit(f"{rule.id}: {different} rows differ between the compiled and the hand-written rule")

        def run(queries: dict[str, str]) -> Callable[[], Any]:
            def all_rules() -> None:
                for query in queries.values():
                    con.execute(f"CREATE OR REPLACE TEMP TABLE result AS {query}")

            return all_rules

        start = time.process_time()
        times = alternate({"ours": run(ours), "hand": run(hand)}, runs=5 if options.quick else 7, warm_up=1)
        cpu = time.process_time() - start
        compared = ratios(times["ours"], times["hand"])
        by_rule = {}
        for rule in rules:
            one = alternate({"ours": run({rule.id: ours[rule.id]}), "hand": run({rule.id: hand[rule.id]})}, runs=3, warm_up=0)
            by_rule[rule.id] = round(1000 * min(one["ours"])), round(1000 * min(one["hand"]))
        for name, (mine, theirs) in sorted(by_rule.items(), key=lambda item: item[1][1] - item[1][0])[:8]:
            progress(f"{name}: {mine} ms, by hand {theirs} ms")
    finish(
        "sweep",
        compared,
        goal=1.3,
        better="lower",
        unit="times the hand-written SQL",
        lines=lines,
        rules=len(rules),
        hits=hits,
        ours_s=round(min(times["ours"]), 3),
        hand_s=round(min(times["hand"]), 3),
        facts_s=round(facts_seconds, 2),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        cpu_s=round(cpu, 1),
    )


if __name__ == "__main__":
    main()

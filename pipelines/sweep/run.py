"""One sweep from the stored tables to the stored findings.

    outcome = sweep(settings, from_month=…, to_month=…)

1. open the facts at the present table versions; 2. run every active rule; 3. assemble findings, keep those of the asked
months; 4. evidence gate; 5. compare with the stored findings and append what changed; 6. count money once over all open
findings of the store.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import duckdb

from pipelines.sweep.counted import counted_amounts
from xiezhi.domain.calendar import day_number, first_of_month
from xiezhi.domain.errors import UsageError
from xiezhi.domain.finding import Finding
from xiezhi.log import get_logger
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.hits import Evaluation
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.services.evidence_gate import Refused, pass_gate
from xiezhi.services.revisions import Changes, compare
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.duckdb_rules import register_knowledge, run_rule
from xiezhi.storage.facts_reader import DuckDBFacts
from xiezhi.storage.findings import FindingStore
from xiezhi.storage.knowledge import KnowledgeBase

Progress = Callable[[str], None]
log = get_logger("sweep")


@dataclass(frozen=True)
class Request:
    """What to sweep: months as (year × 12 + month − 1), None = all stored; rules by id, empty = all active."""

    home: Path
    rules_dir: Path
    from_month: int | None = None
    to_month: int | None = None
    rules: tuple[str, ...] = ()
    engine: str = "duckdb"
    threads: int = 2
    memory_mb: int | None = None

    def covers(self, on: date) -> bool:
        """Whether a service date lies in the asked months."""
        month = on.year * 12 + on.month - 1
        return (self.from_month is None or month >= self.from_month) and (self.to_month is None or month <= self.to_month)


@dataclass
class Outcome:
    """What a sweep did; `open` are the open findings in scope, with their counted money, `con` the facts they were found in."""

    request: Request
    run_id: str
    rules: RuleBase
    open: tuple[Finding, ...]
    changes: Changes
    refused: tuple[Refused, ...]
    unknown: Counter[tuple[str, str]]
    lines: int
    persons: int
    data_version: str
    knowledge_version: str
    con: duckdb.DuckDBPyConnection
    seconds: dict[str, float] = field(default_factory=dict)


def chosen_rules(base: RuleBase, ids: Sequence[str]) -> tuple[RuleSpec, ...]:
    """The active rules, or those asked for; raises `UsageError` for unknown ids."""
    unknown = sorted(set(ids) - set(base.rules))
    if unknown:
        raise UsageError.of(f"no rule {', '.join(unknown)}", accepted="ids of `xiezhi rules list`")
    return tuple(base.rules[i] for i in ids) if ids else base.active


def evaluate(
    store: DeltaStore, con: duckdb.DuckDBPyConnection, rules: Sequence[RuleSpec], request: Request, progress: Progress
) -> Evaluation:
    """Run the rules one by one on the asked engine and collect hits and unknowns."""
    if request.engine == "spark":
        from xiezhi.storage.spark_rules import open_session, run_on_spark

        with tempfile.TemporaryDirectory(dir=request.home, prefix="spark-") as work:
            return run_on_spark(open_session(), store, con, rules, Path(work), progress)
    result = Evaluation()
    from_day = None if request.from_month is None else day_number(first_of_month(request.from_month))
    for number, rule in enumerate(rules, 1):
        progress(f"[{number}/{len(rules)}] {rule.id} {rule.title}")
        result.add(run_rule(con, rule, from_day))
    return result


def sweep(request: Request, *, now: Callable[[], datetime] = datetime.now, progress: Progress = lambda text: None) -> Outcome:
    """Sweep the store; the only thing written are findings that are new or changed."""
    clock = _Stopwatch()
    base = load_rules(request.rules_dir)
    rules = chosen_rules(base, request.rules)
    store = DeltaStore.of_home(request.home)
    data_version = store.data_version()
    if "fee_list_d" not in store.versions():
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…")
    progress("整理事实 settling versions, refunds and reversals")
    con = open_facts(store, threads=request.threads, memory_mb=request.memory_mb)
    knowledge = KnowledgeBase(request.home, request.rules_dir)
    register_knowledge(con, knowledge.arrow())
    clock.lap("facts")
    evaluation = evaluate(store, con, rules, request, progress)
    clock.lap("rules")
    by_id = {rule.id: rule for rule in rules}
    found = [finding for finding in assemble(by_id, evaluation.hits) if request.covers(finding.service_date)]
    clock.lap("findings")
    progress(f"证据核对 recomputing {len(found)} findings from the stored claims")
    used = sorted({point for finding in found for point in finding.knowledge_ids})
    points = PointBase.of(knowledge.points(_neighbours(con, rules, used)), knowledge.version())
    gated = pass_gate(found, by_id, Reference(points), DuckDBFacts(con))
    clock.lap("gate")
    findings = FindingStore(store, con)
    stored = findings.current()
    run_at = now()
    run_id = f"{run_at:%Y%m%dT%H%M%S}-{len(stored)}"
    changes = compare(
        gated.proven,
        stored,
        lambda f: f.rule_id in by_id and request.covers(f.service_date),
        data_version=data_version,
        found_at=run_at,
        run_id=run_id,
    )
    findings.append(changes.rows)
    findings.quarantine([(refused.finding, refused.reason) for refused in gated.refused], run_id, run_at)
    everything = {**stored, **{row.finding_id: row for row in changes.rows}}
    still_open = [finding for finding in everything.values() if finding.status == "open"]
    counted = counted_amounts(con, still_open, base.rules)
    scope = tuple(
        replace(finding, counted_amount_fen=counted.get(finding.finding_id, 0))
        for finding in sorted(still_open, key=lambda f: f.finding_id)
        if finding.rule_id in by_id and request.covers(finding.service_date)
    )
    clock.lap("store")
    lines, persons = con.execute("SELECT COUNT(*), COUNT(DISTINCT person) FROM lines").fetchall()[0]
    laps = {name: round(value, 2) for name, value in clock.laps.items()}
    log.info("sweep", run_id=run_id, rule_count=len(rules), findings=len(scope), refused=len(gated.refused), seconds=laps)
    return Outcome(
        request,
        run_id,
        base,
        scope,
        changes,
        gated.refused,
        evaluation.unknown,
        lines,
        persons,
        data_version,
        knowledge.version(),
        con,
        clock.laps,
    )


def _neighbours(con: duckdb.DuckDBPyConnection, rules: Sequence[RuleSpec], used: Sequence[str]) -> list[str]:
    """The points of the classes of rules that look beyond one point (surgery groups), and all points that were used."""
    classes = {
        rule.knowledge.class_no
        for rule in rules
        if rule.knowledge is not None and any("group" in getattr(f, "per", ()) for f in rule.features.values())
    }
    wanted = set(used)
    for class_no in sorted(classes):
        wanted.update(row[0] for row in con.execute("SELECT DISTINCT kp_id FROM point_items WHERE class_no = ?", [class_no]).fetchall())
    return sorted(wanted)


class _Stopwatch:
    def __init__(self) -> None:
        self.at, self.laps = time.perf_counter(), {}

    laps: dict[str, float]

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self.at
        self.at = now


def month_text(month: int | None) -> str:
    """A month number as YYYY-MM, or an empty text."""
    return "" if month is None else f"{first_of_month(month):%Y-%m}"

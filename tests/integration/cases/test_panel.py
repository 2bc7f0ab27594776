"""The simulated panel: right but for the stated error, marked, its two samples kept apart, the same again for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.panel import PANEL, Truth, read_truth, run_panel
from xiezhi.domain.actor import Actor, Scope
from xiezhi.domain.case import Decision
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import Scheme
from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.domain.interval import wilson
from xiezhi.domain.queue import QueueFilter
from xiezhi.services.decide_case import decide, decide_many
from xiezhi.services.open_cases import case_findings, open_cases
from xiezhi.storage.sql.audit_log import rows_of, verify_log
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.decisions import decided_lines
from xiezhi.storage.sql.migrate import upgrade

AT = datetime(2026, 6, 1, 9, 0)
HOSPITAL = "H33010600012"
N = 120


def fill(store: SqlCaseStore, scheme: Scheme, finding: Callable[..., Any]) -> Truth:
    """Cases E1…; the lines of even ones are in the truth, one stay is, and an indicator about an institution is."""
    found = [finding(f"E{n}", (f"L{n}", f"M{n}"), fen=100 * n, verdict="suspicious" if n % 3 else "definite") for n in range(1, N)]
    found.append(finding("ES", (), verdict="suspicious"))
    found.append(finding(None, (), verdict="indicator", doctor=None))
    open_cases(store, scheme, case_findings(found, {}, {}), as_of=AT.date(), at=AT)
    lines = {(HOSPITAL, f"{letter}{n}") for n in range(2, N, 2) for letter in "LM"}
    return Truth(frozenset(lines), frozenset({"ES"}), frozenset({HOSPITAL}), frozenset())


def is_true(encounter: str | None) -> bool:
    return encounter is None or encounter == "ES" or int(encounter[1:]) % 2 == 0


def test_without_error_every_decision_is_the_truth_and_says_that_it_is_simulated(
    database: Database, scheme: Scheme, finding: Callable[..., Any]
) -> None:
    store = SqlCaseStore(database)
    truth = fill(store, scheme, finding)
    done = run_panel(store, scheme, truth, share=1, top=0, error=0, seed=3, at=AT)
    lines = decided_lines(database)
    assert (done.waiting, done.cases, done.flipped, len(lines)) == (N + 1, {"random": N + 1, "top": 0}, 0, 2 * (N - 1) + 2)
    assert all((line.decision == "confirmed") == is_true(line.encounter) for line in lines)
    assert {(line.simulated, line.sample) for line in lines} == {(True, "random")}
    with database.read() as connection:
        told = [row.detail for row in rows_of(connection) if row.action == "case.decided"]
    assert len(told) == N + 1
    assert all('"simulated":true' in each.replace(" ", "") for each in told)
    assert verify_log(database).broken_at is None
    assert [(each.verdict, each.findings, each.confirmed) for each in done.precision] == [
        ("definite", 39, 19),
        ("suspicious", 81, 41),
        ("indicator", 1, 1),
    ]


def test_errors_come_at_the_stated_rate_and_the_same_seed_errs_the_same(
    tmp_path: Path, scheme: Scheme, finding: Callable[..., Any]
) -> None:
    def run(name: str, seed: int) -> list[tuple[Any, ...]]:
        database = Database(f"sqlite:///{tmp_path / name}.db")
        upgrade(database)
        store = SqlCaseStore(database)
        done = run_panel(store, scheme, fill(store, scheme, finding), share=0.3, top=20, error=0.2, seed=seed, at=AT)
        lines = [(line.case_id, line.line_id, line.decision, line.sample, is_true(line.encounter)) for line in decided_lines(database)]
        wrong = sum((decision == "confirmed") is not true for _, _, decision, _, true in lines)
        assert wrong == done.flipped
        assert 0.1 < wrong / len(lines) < 0.32
        assert sum(sum(each.values()) for each in done.lines.values()) == len(lines)
        assert sum(each.findings for each in done.precision) == len({case for case, _, _, sample, _ in lines if sample == "random"})
        assert 20 < done.cases["random"] < 52
        assert 0 < done.cases["top"] <= 20
        database.dispose()
        return sorted(lines)

    assert run("a", 1) == run("b", 1) != run("c", 2)


def test_the_top_sample_is_the_top_of_the_queue_and_is_kept_out_of_the_precision(
    database: Database, scheme: Scheme, finding: Callable[..., Any]
) -> None:
    store = SqlCaseStore(database)
    truth = fill(store, scheme, finding)
    first = [row.case_id for row in store.queue(Scope.all(), QueueFilter(), None, 7)]
    done = run_panel(store, scheme, truth, share=0, top=7, error=0, seed=1, at=AT)
    assert {line.case_id for line in decided_lines(database)} == set(first)
    assert (done.cases, done.precision) == ({"random": 0, "top": 7}, ())


def test_many_decisions_at_once_are_the_same_as_one_by_one(tmp_path: Path, scheme: Scheme, finding: Callable[..., Any]) -> None:
    """Catches a bulk path that forgets credit, queue or history."""
    seen = []
    for name in ("one", "many"):
        database = Database(f"sqlite:///{tmp_path / name}.db")
        upgrade(database)
        store = SqlCaseStore(database)
        fill(store, scheme, finding)
        with store.write() as unit:
            ids = unit.open_case_ids(Scope.all())[:9]
            cases = unit.cases(Scope.all(), ids)
        said = {case_id: {line.key: Verdict(Decision.CONFIRMED, "as_found") for line in cases[case_id].lines} for case_id in ids}
        if name == "many":
            decide_many(store, scheme, PANEL, said, AT, 4)
        else:
            for case_id, verdicts in said.items():
                decide(store, scheme, PANEL, case_id, verdicts, AT)
        with store.write() as unit:
            every = unit.cases(Scope.all(), [*ids, *unit.open_case_ids(Scope.all())])
            ratings = [(each.score, each.grade, each.reasons) for each in unit.ratings("institution").values()]
            seen.append((every, ratings, [(event.case_id, event.amount_fen, event.kind) for event in unit.credit_events("institution")]))
        database.dispose()
    assert seen[0] == seen[1]


def test_what_is_outside_the_scope_or_not_there_is_refused(
    store: SqlCaseStore, scheme: Scheme, inspector: Actor, finding: Callable[..., Any], tmp_path: Path
) -> None:
    fill(store, scheme, finding)
    with pytest.raises(UsageError, match="no case"):
        decide_many(store, scheme, inspector, {"C" + "0" * 19: {}}, AT)
    with pytest.raises(XiezhiError, match="no truth file"):
        read_truth(tmp_path)


def test_wilson_agrees_with_the_published_numbers() -> None:
    """Wilson intervals of Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    wanted = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (hits, n), (low, high) in wanted.items():
        found = wilson(hits, n)
        assert found == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))

"""Signals and exploration in the queue: bounded, never lowering, shown, drawn by hash, each case once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.actor import Actor, Scope
from xiezhi.domain.case import Decision
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import Scheme
from xiezhi.domain.priority import SignalParts, explored
from xiezhi.domain.queue import QueueRow
from xiezhi.domain.signal import Lead, Member, Score, Subject
from xiezhi.services.decide_case import decide
from xiezhi.services.open_cases import case_findings, open_cases
from xiezhi.services.queue import read_queue
from xiezhi.services.signals import apply_signals
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.signals import SqlSignalStore

AT = datetime(2026, 6, 1, 9, 0)
AS_OF = AT.date()
HOSPITAL, OTHER = "H33010600012", "H44030500001"
RANK = st.none() | st.integers(0, 1000)


@given(RANK, RANK, RANK, st.integers(0, 1000), st.integers(0, 1000))
def test_a_signal_raises_by_a_half_at_most_and_never_lowers(
    institution: int | None, doctor: int | None, person: int | None, strongest: int, more: int
) -> None:
    """Catches a weight that lets a low rank push a case down, or one that lets indicators outweigh the rules."""
    parts = SignalParts(institution, doctor, person, 1, strongest)
    assert 1000 <= parts.factor <= 1500
    assert replace(parts, strongest=max(strongest, more)).factor >= parts.factor
    assert replace(parts, person=max(person or 0, more)).factor >= parts.factor


def test_exploration_draws_its_share_uniformly_over_cases_and_places() -> None:
    """Catches a draw that depends on the priority, the same cases each day, and places that crowd at one end."""
    falling = list(range(999, -1, -1))
    ids = [f"C{n}" for n in range(10_000)]
    days = [{each: place for each in ids if (place := explored(each, AS_OF + timedelta(days=n), 50, falling)) is not None} for n in (0, 1)]
    assert all(430 < len(drawn) < 570 for drawn in days)
    assert len(days[0].keys() & days[1].keys()) < 60
    tenths = [sum(place // 100 == tenth for place in days[0].values()) for tenth in range(10)]
    assert min(tenths) > 25


def score(subject: Subject, subject_id: str, permille: int) -> Score:
    return Score(subject, subject_id, "2026-05", f"m.{subject.value}", "1", permille, None, "g", 9, (), "r")


def lead(strength: int, person: str) -> Lead:
    day = date(2026, 5, 1)
    members = (Member(Subject.PERSON, person), Member(Subject.PRACTITIONER, "D1"))
    return Lead(f"L{strength:019}", "k", "2026-05", strength, "一", "one", members, (HOSPITAL,), day, day, (), {}, (), ())


def queue_of(store: SqlCaseStore, actor: Actor, page: int = 3) -> list[QueueRow]:
    rows: list[QueueRow] = []
    after = ""
    while True:
        read = read_queue(store, actor, None, after, page)
        rows += read.rows
        if not (after := read.next):
            return rows


def test_scores_and_leads_raise_the_cases_of_their_subjects(
    store: SqlCaseStore, scheme: Scheme, inspector: Actor, finding: Callable[..., Any]
) -> None:
    signals = SqlSignalStore(store.database)
    here, there = finding("E1"), finding("E2", ("L2",), institution=OTHER, doctor="D2", person="PX")
    rows = case_findings([here, there], {each.finding_id: {each.line_ids[0]: 10_000} for each in (here, there)}, {})
    open_cases(store, scheme, rows, as_of=AS_OF, at=AT)
    before = {row.case_id: row for row in queue_of(store, inspector)}
    assert {row.factors.signal for row in before.values()} == {1000}
    signals.put_scores("m.institution", "2026-05", [score(Subject.INSTITUTION, HOSPITAL, 940), score(Subject.INSTITUTION, OTHER, 100)])
    signals.put_leads(["k"], "2026-05", [lead(600, "330106199001011234"), lead(300, "P9")])
    done = apply_signals(store, signals, AS_OF, AT, 0)
    assert (done.cases, done.changed, done.raised, done.explored) == (
        2,
        2,
        1,
        0,
    )
    first, second = queue_of(store, inspector)
    assert first.case_id == rows[0].key.case_id
    assert first.factors.parts == SignalParts(institution=940, leads=2, strongest=600)  # the doctor's two leads, each once
    assert (first.factors.signal, first.priority) == (1222, before[first.case_id].priority * 1222 // 1000)
    assert (second.factors.parts, second.priority) == (SignalParts(institution=100), before[second.case_id].priority)
    with store.write() as unit:  # what is read on a page stays fresh: factors alone are no new version
        assert {case.version for case in unit.cases(Scope.all(), [first.case_id, second.case_id]).values()} == {1}
    assert apply_signals(store, signals, AS_OF, AT, 0).changed == 0
    # A finding that joins, and a rating that moves, leave the signal alone.
    third = finding("E1", ("L8",), rule="GZ10000101007000")
    open_cases(store, scheme, case_findings([third], {third.finding_id: {"L8": 1}}, {}), as_of=AS_OF, at=AT)
    decide(store, scheme, inspector, second.case_id, Verdict(Decision.REFUTED, "emergency"), AT)
    (kept,) = queue_of(store, inspector)
    assert (kept.factors.signal, kept.factors.parts) == (1222, first.factors.parts)


def test_explored_cases_are_marked_and_every_case_comes_once(
    store: SqlCaseStore, scheme: Scheme, inspector: Actor, finding: Callable[..., Any]
) -> None:
    """Catches an explored case that is shown twice, lost, lowered, or not taken back the next day."""
    signals = SqlSignalStore(store.database)
    findings = [finding(f"E{n}", (f"L{n}",), fen=1000 * n, person="P") for n in range(1, 31)]
    rows = case_findings(findings, {each.finding_id: {each.line_ids[0]: each.amount_fen} for each in findings}, {})
    open_cases(store, scheme, rows, as_of=AS_OF, at=AT)
    apply_signals(store, signals, AS_OF, AT, 0)
    plain = queue_of(store, inspector)
    assert not any(row.exploration for row in plain)
    done = apply_signals(store, signals, AS_OF, AT, 300)
    mixed = queue_of(store, inspector)
    assert sorted(row.case_id for row in mixed) == sorted(row.case_id for row in plain)
    assert len({row.case_id for row in mixed}) == 30
    drawn = [row for row in mixed if row.exploration]
    assert 0 < len(drawn) == done.explored < 20
    natural = {row.case_id: row.priority for row in plain}
    assert all(row.priority >= natural[row.case_id] == row.factors.priority for row in mixed)
    assert any(row.priority > natural[row.case_id] for row in drawn)
    assert [row.priority for row in mixed] == sorted((row.priority for row in mixed), reverse=True)
    apply_signals(store, signals, AS_OF, AT, 300)
    assert queue_of(store, inspector) == mixed
    apply_signals(store, signals, AS_OF, AT, 0)
    assert queue_of(store, inspector) == plain

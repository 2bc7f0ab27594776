"""Scores and leads on both databases: replaced whole, read by subject, seen only inside a scope."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from xiezhi.domain.actor import Actor, Scope
from xiezhi.domain.case import Decision
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import Scheme
from xiezhi.domain.signal import Lead, Member, Relation, Score, ScoreReason, Subject, lead_id
from xiezhi.services.decide_case import decide, reopen
from xiezhi.services.open_cases import case_findings, open_cases
from xiezhi.storage.sql.case_reader import load_decisions
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.decisions import decided_lines
from xiezhi.storage.sql.signals import SqlSignalStore, find_lead, lead_choices, leads_of, list_leads

AT = datetime(2026, 6, 1, 9, 0)
HOSPITAL, OTHER = "H33010600012", "H44030500001"
PLACE = (Subject.INSTITUTION, HOSPITAL)


def score(month: str = "2026-05", model: str = "anomaly.institution", permille: int = 940, subject_id: str = HOSPITAL) -> Score:
    reasons = (
        ScoreReason("fee_per_stay", 1234.5, 800.0, 0.7, "次均费用 1234.50", "cost a stay 1234.50"),
        ScoreReason("age", None, None, -0.1, "缺", "missing"),
    )
    return Score(Subject.INSTITUTION, subject_id, month, model, "3", permille, 0.25, "三级/综合/3301", 12, reasons, "run1")


def lead(
    kind: str = "shared_contact", month: str = "2026-05", strength: int = 700, institution: str = HOSPITAL, person: str = "P1"
) -> Lead:
    members = (Member(Subject.PERSON, person, "carrier"), Member(Subject.PERSON, "P2"))
    return Lead(
        lead_id(kind, month, [person, "P2", institution]),
        kind,
        month,
        strength,
        "2 人共用一个电话",
        "2 persons share a phone",
        members,
        (institution,),
        date(2026, 3, 1),
        date(2026, 5, 3),
        (("tel", "138****0001", 2),),
        {"lift": 4.5, "expected": 0.2},
        ("句一",),
        ("one",),
        (Relation(person, "P2", "same_phone", 2.0, date(2026, 3, 1)), Relation("P2", institution, "visits", 1.0)),
        123_400,
        "run1",
    )


@pytest.fixture
def signals(database: Database) -> SqlSignalStore:
    return SqlSignalStore(database)


def test_a_score_comes_back_as_it_was(signals: SqlSignalStore) -> None:
    signals.put_scores("anomaly.institution", "2026-05", [score()])
    assert signals.scores_of([PLACE, (Subject.PERSON, "P1"), (Subject.PERSON, HOSPITAL)]) == {PLACE: [score()]}


def test_a_run_replaces_its_month_and_no_other(signals: SqlSignalStore) -> None:
    """Catches a store that appends, one that deletes all months, and one that reads the oldest."""
    signals.put_scores("anomaly.institution", "2026-06", [score("2026-06", permille=100)])
    signals.put_scores("anomaly.institution", "2026-05", [score(), score(subject_id=OTHER)])
    signals.put_scores("b.model", "2026-04", [score("2026-04", "b.model", 5)])
    signals.put_scores("anomaly.institution", "2026-05", [score(permille=941)])
    found = signals.scores_of([PLACE, (Subject.INSTITUTION, OTHER)])
    assert found == {PLACE: [score("2026-06", permille=100), score("2026-04", "b.model", 5)]}
    signals.put_scores("anomaly.institution", "2026-06", [])
    assert signals.scores_of([PLACE])[PLACE][0].permille == 941


def test_numbers_that_are_none_are_missing(signals: SqlSignalStore) -> None:
    odd = replace(score(), probability=math.nan, reasons=(ScoreReason("x", math.inf, 1.0, math.nan, "句", "s"),) * 30)
    signals.put_scores(odd.model, odd.month, [odd])
    (found,) = signals.scores_of([PLACE])[PLACE]
    assert found.probability is None
    assert found.reasons == (ScoreReason("x", None, 1.0, 0.0, "句", "s"),) * 20


def test_what_is_not_of_the_run_is_refused(signals: SqlSignalStore) -> None:
    with pytest.raises(ValueError, match="not of"):
        signals.put_scores("anomaly.institution", "2026-06", [score()])
    with pytest.raises(ValueError, match="not of"):
        signals.put_leads(["trace_codes"], "2026-05", [lead()])


def test_a_lead_is_found_by_member_and_by_institution(signals: SqlSignalStore) -> None:
    weak = lead(strength=100, person="P9")
    signals.put_leads(["shared_contact"], "2026-05", [weak, lead()])
    found = signals.leads_of([PLACE, (Subject.PERSON, "P2"), (Subject.PERSON, "P1"), (Subject.PERSON, "P3")])
    assert found == {PLACE: [lead(), weak], (Subject.PERSON, "P2"): [lead(), weak], (Subject.PERSON, "P1"): [lead()]}


def test_the_newest_month_of_a_kind_hides_older_ones_even_when_it_found_nothing(signals: SqlSignalStore) -> None:
    """Catches `max(month) of the leads`, under which a finding of March would haunt a clean April."""
    signals.put_leads(["shared_contact", "trace_codes"], "2026-05", [lead(), lead("trace_codes")])
    signals.put_leads(["shared_contact"], "2026-06", [])
    assert signals.leads_of([PLACE]) == {PLACE: [lead("trace_codes")]}
    with signals.database.read() as connection:
        assert [row.kind for row in list_leads(connection, Scope.all())] == ["trace_codes"]
        assert len(list_leads(connection, Scope.all(), month="2026-05")) == 2
        assert find_lead(connection, Scope.all(), lead().lead_id) == lead()
        assert lead_choices(connection, Scope.all()) == (["shared_contact", "trace_codes"], ["2026-05"])
    signals.put_leads(["trace_codes"], "2026-05", [])
    assert signals.leads_of([PLACE]) == {}


def test_only_the_strongest_relations_are_kept(signals: SqlSignalStore) -> None:
    many = replace(lead(), relations=tuple(Relation("P1", f"Q{n:03}", "visits", float(n)) for n in range(250)))
    signals.put_leads(["shared_contact"], "2026-05", [many])
    (found,) = signals.leads_of([PLACE])[PLACE]
    assert [each.weight for each in found.relations] == [float(n) for n in range(249, 49, -1)]


def test_nothing_outside_the_scope_is_seen(signals: SqlSignalStore) -> None:
    here, there = lead(), lead(institution=OTHER)
    signals.put_leads(["shared_contact"], "2026-05", [here, there])
    for scope in (Scope.of(regions=["330100"]), Scope.of(institutions=[HOSPITAL])):
        with signals.database.read() as connection:
            assert [row.lead_id for row in list_leads(connection, scope)] == [here.lead_id]
            assert find_lead(connection, scope, there.lead_id) is None
            assert find_lead(connection, scope, here.lead_id) == here
            assert leads_of(connection, scope, [(Subject.PERSON, "P2")]) == {(Subject.PERSON, "P2"): [here]}
            assert list_leads(connection, scope, institution=OTHER) == []
    with signals.database.read() as connection:
        assert list_leads(connection, Scope.of()) == []
        assert lead_choices(connection, Scope.of()) == ([], [])
        assert leads_of(connection, Scope.of(), [PLACE]) == {}


def test_pages_of_the_list_show_every_lead_once(signals: SqlSignalStore) -> None:
    made = [lead(strength=(n % 3) * 100, person=f"P1{n}") for n in range(11)]
    signals.put_leads(["shared_contact"], "2026-05", made)
    seen: list[tuple[int, str]] = []
    with signals.database.read() as connection:
        after = None
        while page := list_leads(connection, Scope.all(), after=after, limit=4):
            seen += [(-row.strength, row.lead_id) for row in page]
            after = (page[-1].strength, page[-1].lead_id)
    assert seen == sorted((-each.strength, each.lead_id) for each in made)


def test_decided_lines_say_who_decided_and_what_stands(
    database: Database, scheme: Scheme, inspector: Actor, reviewer: Actor, finding: Any
) -> None:
    """Catches labels from reopened cases, from the future, and a simulation passed off as people."""
    store = SqlCaseStore(database)
    both = [finding("E1", ("L1", "L2")), finding("E2", ("L3",), verdict="suspicious")]
    rows = case_findings(both, {both[0].finding_id: {"L1": 7_000, "L2": 10_000}}, {})
    open_cases(store, scheme, rows, as_of=AT.date(), at=AT)
    first, second = (row.key.case_id for row in rows)
    decide(store, scheme, inspector, first, Verdict(Decision.CONFIRMED, "as_found", simulated=True, sample="random"), AT)
    later = AT + timedelta(days=1)
    decide(store, scheme, inspector, second, Verdict(Decision.REFUTED, "emergency"), later)
    lines = decided_lines(database)
    assert [(each.encounter, each.line_id, each.decision, each.simulated, each.sample) for each in lines] == [
        ("E1", "L1", "confirmed", True, "random"),
        ("E1", "L2", "confirmed", True, "random"),
        ("E2", "L3", "refuted", False, ""),
    ]
    one = lines[0]
    assert (one.institution, one.practitioner, one.part_fen, one.counted_fen, one.decided_at) == (HOSPITAL, "D1", 10_000, 7_000, AT)
    assert [each.encounter for each in decided_lines(database, AT)] == ["E1", "E1"]
    with database.read() as connection:
        assert [(each.simulated, each.sample) for each in load_decisions(connection, Scope.all(), first)] == [(True, "random")] * 2
    reopen(store, scheme, reviewer, first, "新证据", later)
    assert [each.encounter for each in decided_lines(database)] == ["E2"]
    decide(store, scheme, reviewer, first, Verdict(Decision.REFUTED, "emergency"), later)
    assert {each.simulated for each in decided_lines(database)} == {False}


def test_a_decision_keeps_its_mark_when_another_finding_joins(database: Database, scheme: Scheme, inspector: Actor, finding: Any) -> None:
    """Catches `regroup` carrying the decision over without the mark: a simulated label would become a person's."""
    store = SqlCaseStore(database)
    rows = case_findings([finding()], {}, {})
    open_cases(store, scheme, rows, as_of=AT.date(), at=AT)
    decide(store, scheme, inspector, rows[0].key.case_id, Verdict(Decision.CONFIRMED, "as_found", simulated=True, sample="top"), AT)
    open_cases(store, scheme, case_findings([finding(lines=("L8",))], {}, {}), as_of=AT.date(), at=AT)
    (kept,) = decided_lines(database)
    assert (kept.simulated, kept.sample) == (True, "top")

"""What people decide: states, reasons, roles, scope, credit and queue in both directions, two people at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from xiezhi.domain.actor import Actor, Role, Scope
from xiezhi.domain.case import Case, Conflict, Decision, Outcome, State
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import INSTITUTION, PRACTITIONER, Rating, Scheme
from xiezhi.domain.errors import UsageError
from xiezhi.domain.finding import Finding
from xiezhi.domain.queue import QueueFilter
from xiezhi.services.decide_case import decide, release, reopen, reveal_person, take
from xiezhi.services.open_cases import case_findings, open_cases
from xiezhi.services.queue import read_queue
from xiezhi.services.rate_credit import recompute
from xiezhi.storage.sql.audit_log import rows_of, verify_log
from xiezhi.storage.sql.case_reader import by_institution, load_decisions, load_findings
from xiezhi.storage.sql.case_store import SqlCaseStore

Make = Callable[..., Finding]
AT = datetime(2026, 6, 1, 9, 0)
HOSPITAL, OTHER = "H33010600012", "H44030500001"
CONFIRM, REFUTE = Verdict(Decision.CONFIRMED, "as_found"), Verdict(Decision.REFUTED, "clinical_evidence", "见病程记录")
INCONCLUSIVE = Verdict(Decision.INCONCLUSIVE, "records_missing")


def bring(store: SqlCaseStore, scheme: Scheme, *findings: Finding, at: datetime = AT) -> list[str]:
    """Open cases, each line counted in full; returns the ids in the order of the findings."""
    counted = {f.finding_id: dict(zip(f.line_ids or ("",), f.line_amounts, strict=True)) for f in findings if f.status == "open"}
    rows = case_findings(findings, counted, {})
    open_cases(store, scheme, rows, as_of=at.date(), at=at)
    return [row.key.case_id for row in rows]


def load(store: SqlCaseStore, case_id: str) -> Case:
    with store.write() as unit:
        return unit.cases(Scope.all(), [case_id])[case_id]


def rating(store: SqlCaseStore, subject: str = HOSPITAL, kind: str = INSTITUTION) -> Rating | None:
    with store.write() as unit:
        return unit.ratings(kind, [subject]).get(subject)


def priority(store: SqlCaseStore, case_id: str) -> int:
    return next(row.priority for row in store.queue(Scope.all(), QueueFilter(states=()), None, 100) if row.case_id == case_id)


def test_a_case_closes_when_every_line_is_decided(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    (case_id,) = set(bring(store, scheme, finding(lines=("L1", "L2")), finding(lines=("L3",), rule="B")))
    keys = [line.key for line in load(store, case_id).lines]
    first = decide(store, scheme, inspector, case_id, {keys[0]: CONFIRM}, AT).case
    assert (first.state, first.outcome, len(first.undecided)) == (State.IN_REVIEW, None, 2)
    last = decide(store, scheme, inspector, case_id, REFUTE, AT).case
    assert (last.state, last.outcome, last.confirmed_fen) == (State.CLOSED, Outcome.PARTLY, 10_000)
    with store.database.read() as connection:
        assert [past.decision for past in load_decisions(connection, Scope.all(), case_id)] == ["confirmed", "refuted", "refuted"]
        assert [row.action for row in rows_of(connection, case_id)] == ["case.opened", "case.decided", "case.decided"]
    assert verify_log(store.database).broken_at is None


@pytest.mark.parametrize(("verdict", "outcome"), [(CONFIRM, "confirmed"), (REFUTE, "refuted"), (INCONCLUSIVE, "inconclusive")])
def test_the_outcome_follows_from_the_lines(
    store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor, verdict: Verdict, outcome: str
) -> None:
    (case_id,) = bring(store, scheme, finding())
    done = decide(store, scheme, inspector, case_id, verdict, AT).case
    assert done.outcome is not None
    assert done.outcome.value == outcome


def test_what_is_refused_changes_nothing(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    (case_id,) = bring(store, scheme, finding())
    before = load(store, case_id)
    (key,) = (line.key for line in before.lines)
    wrong: list[tuple[Actor, Any, str]] = [
        (inspector, {}, "no line"),
        (inspector, {("x", "y"): CONFIRM}, "no such line"),
        (inspector, {key: Verdict(Decision.REFUTED, "as_found")}, "clinical_evidence"),
        (Actor("a", Role.ADMIN, Scope.all()), {key: CONFIRM}, "role admin"),
        (Actor("i", Role.INSTITUTION, Scope.of(institutions=[HOSPITAL])), {key: CONFIRM}, "role institution"),
        (Actor("far", Role.INSPECTOR, Scope.of(regions=["440300"])), {key: CONFIRM}, "no case"),
        (Actor("none", Role.INSPECTOR, Scope.of()), {key: CONFIRM}, "no case"),
    ]
    for actor, verdicts, told in wrong:
        with pytest.raises(UsageError, match=told):
            decide(store, scheme, actor, case_id, verdicts, AT)
    assert load(store, case_id) == before
    assert rating(store) is None


def test_a_confirmed_case_moves_the_rating_and_the_rating_moves_the_queue(
    store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor, reviewer: Actor
) -> None:
    big, waiting, elsewhere = bring(
        store,
        scheme,
        *(finding(f"E{n}", (f"L{n}",), 3_000_000, institution=where) for n, where in [(1, HOSPITAL), (2, HOSPITAL), (3, OTHER)]),
    )
    more = bring(store, scheme, *(finding(f"M{n}", (f"N{n}",), 3_000_000) for n in range(3)))
    before = priority(store, waiting), priority(store, elsewhere)
    for case_id in (big, *more):
        decide(store, scheme, inspector, case_id, CONFIRM, AT)
    bad, doctor = rating(store), rating(store, "D1", PRACTITIONER)
    assert bad is not None
    assert doctor is not None
    assert (bad.score, bad.grade, bad.reasons[0].confirmed, bad.reasons[0].amount_fen) == (1000 - 4 * 60, "B", 4, 12_000_000)
    assert doctor.score == bad.score
    assert priority(store, waiting) == before[0] * scheme.queue["B"] // scheme.queue["A"]
    assert priority(store, elsewhere) == before[1]
    # the other direction: a second look refutes, the rating and the queue come back
    for case_id in (big, *more):
        reopen(store, scheme, reviewer, case_id, "复核", AT)
    reversed_ = rating(store)
    assert reversed_ is not None
    assert (reversed_.score, reversed_.grade) == (1000, "A")
    assert priority(store, waiting) == before[0]
    decide(store, scheme, reviewer, big, REFUTE, AT)
    good = rating(store)
    assert good is not None
    assert good.score == 1000  # refuting gives back, never above the full score


def test_refuting_gives_back_what_doubt_took(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    confirmed, refuted = bring(store, scheme, *(finding(f"E{n}", (f"L{n}",), 100, verdict="suspicious") for n in range(2)))
    decide(store, scheme, inspector, confirmed, CONFIRM, AT)
    low = rating(store)
    decide(store, scheme, inspector, refuted, REFUTE, AT)
    high = rating(store)
    assert low is not None
    assert high is not None
    assert (low.score, high.score) == (997, 998)


def test_recomputing_gives_the_same(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    for number, case_id in enumerate(bring(store, scheme, *(finding(f"E{n}", (f"L{n}",)) for n in range(4)))):
        decide(store, scheme, inspector, case_id, (CONFIRM, REFUTE)[number % 2], AT)
    before = rating(store), rating(store, "D1", PRACTITIONER)
    assert recompute(store, scheme, AT.date(), AT) == []
    assert (rating(store), rating(store, "D1", PRACTITIONER)) == before
    later = (AT + timedelta(days=400)).date()
    assert {change.after.score for change in recompute(store, scheme, later, AT)} == {1000}  # events fall out of the window


def test_a_supersession_after_the_decision_takes_the_rating_back(
    store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor
) -> None:
    (case_id,) = bring(store, scheme, finding())
    decide(store, scheme, inspector, case_id, CONFIRM, AT)
    low = rating(store)
    bring(store, scheme, finding(status="superseded", found=AT + timedelta(days=1)), at=AT + timedelta(days=1))
    back = rating(store)
    assert low is not None
    assert back is not None
    assert (low.score, back.score) == (994, 1000)
    case = load(store, case_id)
    assert (case.state, case.confirmed_fen, [line.present for line in case.lines]) == (State.CLOSED, 0, [False])


def test_a_new_finding_reopens_and_keeps_what_was_decided(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    (case_id,) = bring(store, scheme, finding())
    decide(store, scheme, inspector, case_id, CONFIRM, AT)
    bring(store, scheme, finding(), finding(lines=("L2",)))
    case = load(store, case_id)
    assert (case.state, [line.decision for line in case.lines if line.line_id == "L1"], len(case.undecided)) == (
        State.REOPENED,
        [Decision.CONFIRMED],
        1,
    )
    assert decide(store, scheme, inspector, case_id, REFUTE, AT).case.outcome is Outcome.PARTLY


def test_who_decided_does_not_decide_again_after_reopening(
    store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor, reviewer: Actor
) -> None:
    (case_id,) = bring(store, scheme, finding())
    decide(store, scheme, inspector, case_id, CONFIRM, AT)
    with pytest.raises(UsageError, match="role inspector"):
        reopen(store, scheme, inspector, case_id, "?", AT)
    with pytest.raises(UsageError, match="without a reason"):
        reopen(store, scheme, reviewer, case_id, " ", AT)
    assert reopen(store, scheme, reviewer, case_id, "申诉", AT).case.outcome is None
    with pytest.raises(UsageError, match="ins decided"):
        decide(store, scheme, inspector, case_id, CONFIRM, AT)
    assert decide(store, scheme, reviewer, case_id, REFUTE, AT).case.outcome is Outcome.REFUTED


def test_take_and_release(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    (case_id,) = bring(store, scheme, finding())
    assert take(store, scheme, inspector, case_id, AT).case.assigned_to == "ins"
    with pytest.raises(UsageError, match="cannot take"):
        take(store, scheme, inspector, case_id, AT)
    assert release(store, scheme, inspector, case_id, AT).case.state is State.OPEN


def test_confirmed_money_moves_to_the_finding_that_stands(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    holder, other = finding(rule="A", fen=10_000), finding(rule="B", fen=6_000, verdict="suspicious")
    rows = case_findings([holder, other], {holder.finding_id: {"L1": 10_000}, other.finding_id: {"L1": 0}}, {})
    open_cases(store, scheme, rows, as_of=AT.date(), at=AT)
    case_id = rows[0].key.case_id
    verdicts = {(holder.finding_id, "L1"): REFUTE, (other.finding_id, "L1"): CONFIRM}
    assert decide(store, scheme, inspector, case_id, verdicts, AT).case.confirmed_fen == 6_000


def test_a_stale_page_is_told_of_the_change(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor, reviewer: Actor) -> None:
    (case_id,) = bring(store, scheme, finding(lines=("L1", "L2")))
    read = load(store, case_id)
    decide(store, scheme, inspector, case_id, {read.lines[0].key: CONFIRM}, AT, read.version)
    with pytest.raises(Conflict, match="you read 1"):
        decide(store, scheme, reviewer, case_id, {read.lines[0].key: REFUTE}, AT, read.version)
    assert load(store, case_id).lines[0].decision is Decision.CONFIRMED


def test_two_people_at_once_lose_no_decision(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    (case_id,) = bring(store, scheme, finding(lines=tuple(f"L{n}" for n in range(8))))
    keys = [line.key for line in load(store, case_id).lines]
    start, wrong = Barrier(2), []

    def work(name: str, mine: list[tuple[str, str]]) -> None:
        start.wait()
        try:
            for key in mine:
                decide(store, scheme, Actor(name, Role.INSPECTOR, Scope.all()), case_id, {key: CONFIRM}, AT)
        except BaseException as error:
            wrong.append(error)

    threads = [Thread(target=work, args=(name, keys[n::2])) for n, name in enumerate(["one", "two"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    case = load(store, case_id)
    assert [line.decided_by for line in case.lines] == ["one", "two"] * 4
    assert (case.state, case.version) == (State.CLOSED, 9)
    found = rating(store)
    assert found is not None
    assert (found.reasons[0].confirmed, found.reasons[0].amount_fen) == (1, 80_000)
    assert verify_log(store.database).broken_at is None


def test_scope_bounds_every_query(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    here, there = bring(store, scheme, finding("E1", ("L1",)), finding("E2", ("L2",), institution=OTHER))
    scopes = {
        Scope.all(): {here, there},
        Scope.of(regions=["330000"]): {here},
        Scope.of(regions=["330100"]): {here},
        Scope.of(regions=["330106"]): {here},
        Scope.of(regions=["330200"]): set(),
        Scope.of(regions=["440000", "330000"]): {here, there},
        Scope.of(institutions=[OTHER]): {there},
        Scope.of(regions=["330000"], institutions=[OTHER]): {there},
        Scope.of(): set(),
    }
    for scope, seen in scopes.items():
        assert {row.case_id for row in store.queue(scope, QueueFilter(), None, 10)} == seen
        assert store.totals(scope, QueueFilter())[0] == len(seen)
        with store.database.read() as connection:
            assert bool(load_findings(connection, scope, here)) == (here in seen)
            assert len(by_institution(connection, scope)) == len(seen)
        with store.write() as unit:
            assert set(unit.cases(scope, [here, there])) == seen
            assert set(unit.open_case_ids(scope)) == seen
        assert {code for code in (HOSPITAL, OTHER) if scope.allows(code)} == {HOSPITAL if each == here else OTHER for each in seen}


def test_a_person_is_masked_and_a_reveal_is_logged(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    (case_id,) = bring(store, scheme, finding())
    (row,) = read_queue(store, inspector).rows
    assert row.person_masked == "33**************34"
    assert reveal_person(store, inspector, case_id, AT) == "330106199001011234"
    with pytest.raises(UsageError, match="may not see"):
        reveal_person(store, Actor("i", Role.INSTITUTION, Scope.all()), case_id, AT)
    with store.database.read() as connection:
        assert [(each.actor, each.action) for each in rows_of(connection, case_id)][-1] == ("ins", "person.revealed")


def test_the_queue_is_read_page_by_page(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Actor) -> None:
    bring(store, scheme, *(finding(f"E{n}", (f"L{n}",), 100 * (n // 3)) for n in range(20)))  # many equal priorities
    whole = store.queue(Scope.all(), QueueFilter(), None, 100)
    assert [row.priority for row in whole] == sorted((row.priority for row in whole), reverse=True)
    pages, after = [], ""
    while True:
        page = read_queue(store, inspector, after=after, limit=3)
        pages += page.rows
        if not (after := page.next):
            break
    assert pages == whole
    for wanted, count in [
        (QueueFilter(verdict="definite"), 20),
        (QueueFilter(verdict="suspicious"), 0),
        (QueueFilter(rule_id="GZ10000102014000"), 20),
        (QueueFilter(rule_id="X"), 0),
        (QueueFilter(institution=HOSPITAL), 20),
        (QueueFilter(region="330100"), 20),
        (QueueFilter(region="440000"), 0),
        (QueueFilter(least_fen=600), 2),
        (QueueFilter(most_fen=0), 3),
        (QueueFilter(states=(State.CLOSED,)), 0),
        (QueueFilter(kind="theme"), 0),
    ]:
        assert len(read_queue(store, inspector, wanted).rows) == store.totals(Scope.all(), wanted)[0] == count
    for bad in ("x", "1.C", "1.Cg000000000000000000"):
        with pytest.raises(UsageError, match="no place"):
            read_queue(store, inspector, after=bad)
    with pytest.raises(UsageError, match="role admin"):
        read_queue(store, Actor("a", Role.ADMIN, Scope.all()))

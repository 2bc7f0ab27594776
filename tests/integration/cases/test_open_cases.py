"""Cases from findings: grouping, joining, shrinking, money once; the same on both databases and in any order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xiezhi.domain.actor import Scope
from xiezhi.domain.case import Case, State, case_key
from xiezhi.domain.counting import Claimed, count_parts_once
from xiezhi.domain.credit import Scheme
from xiezhi.domain.finding import Finding
from xiezhi.domain.queue import QueueFilter, order_of
from xiezhi.services.open_cases import Opened, case_findings, open_cases
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.migrate import upgrade

Make = Callable[..., Finding]
AT, AS_OF = datetime(2026, 6, 1, 9, 0), date(2026, 6, 1)


def counted(findings: Iterable[Finding], nets: dict[str, int] | None = None) -> dict[str, dict[str, int]]:
    """What is counted of open findings, all of one institution, when each line has 100 yuan."""
    open_ = [each for each in findings if each.status == "open"]
    claims = [
        Claimed(
            f.finding_id,
            f.verdict,
            f.amount_fen,
            [((f.institution_code, line), part) for line, part in zip(f.line_ids, f.line_amounts, strict=True)],
        )
        for f in open_
    ]
    keys = {key for claim in claims for key, _ in claim.parts}
    given_ = count_parts_once(claims, {key: (nets or {}).get(key[1], 10_000) for key in keys})
    return {f.finding_id: dict(zip(f.line_ids, given_[f.finding_id], strict=True)) for f in open_}


def bring(store: SqlCaseStore, scheme: Scheme, findings: list[Finding], **more: Any) -> Opened:
    rows = case_findings(findings, more.pop("amounts", None) or counted(findings), {"XZ-IN-001": "own/inventory"})
    return open_cases(store, scheme, rows, as_of=AS_OF, at=more.pop("at", AT))


def all_cases(store: SqlCaseStore) -> dict[str, Case]:
    rows = store.queue(Scope.all(), QueueFilter(states=()), None, 10_000)
    with store.write() as unit:
        return unit.cases(Scope.all(), [row.case_id for row in rows])


def test_a_case_per_encounter_and_per_institution_and_theme(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    stock = finding(None, (), 500, rule="GZ10000202001000", no=43, verdict="suspicious")
    own = finding(None, (), 700, rule="XZ-IN-001", no=None, verdict="suspicious")
    done = bring(store, scheme, [finding("E1"), finding("E1", ("L2",)), finding("E2", ("L3",)), stock, own])
    assert done.opened == 4
    cases = all_cases(store)
    assert sorted((case.key.kind, case.key.theme, len(case.lines)) for case in cases.values()) == [
        ("encounter", "", 1), ("encounter", "", 2), ("theme", "own/inventory", 1), ("theme", "管理/药品", 1),
    ]  # fmt: skip


def test_money_counts_once_and_the_factors_make_the_priority(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    first, second = finding(rule="A", fen=8_000), finding(rule="B", fen=10_000, verdict="suspicious")
    bring(store, scheme, [first, second])
    (row,) = store.queue(Scope.all(), QueueFilter(), None, 10)
    assert row.amount_fen == 10_000  # the line has 100 yuan, whatever is claimed of it
    assert row.factors.confidence == (8_000 * 1000 + 2_000 * 600) // 10_000
    assert row.factors.credit == scheme.queue["A"]
    assert row.factors.age == 1000 + 5 * 31
    assert row.priority == 20_000 * 920 * 800 * 1155 // 10**9


def test_running_again_changes_nothing(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    bring(store, scheme, [finding(), finding("E2", ("L9",))])
    before = all_cases(store)
    again = bring(store, scheme, [finding(), finding("E2", ("L9",))])
    assert (again.opened, again.changed) == (0, 0)
    assert all_cases(store) == before


def test_a_later_finding_joins_and_a_superseded_one_leaves(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    first, second = finding(), finding(lines=("L2",))
    bring(store, scheme, [first])
    assert bring(store, scheme, [first, second]).changed == 1
    (case,) = all_cases(store).values()
    assert (case.amount_fen, case.version) == (20_000, 2)
    gone = replace(second, status="superseded", found_at=AT + timedelta(days=1))
    bring(store, scheme, [first, gone])
    (case,) = all_cases(store).values()
    assert [line.line_id for line in case.lines] == ["L1"]
    assert bring(store, scheme, [replace(first, status="superseded", found_at=AT + timedelta(days=2)), gone]).dropped == 1
    assert all_cases(store) == {}


def test_a_case_that_a_person_took_is_withdrawn_and_revived(store: SqlCaseStore, scheme: Scheme, finding: Make, inspector: Any) -> None:
    from xiezhi.services.decide_case import take

    bring(store, scheme, [finding()])
    (case_id,) = all_cases(store)
    take(store, scheme, inspector, case_id, AT)
    bring(store, scheme, [finding(status="superseded", found=AT + timedelta(days=1))])
    assert all_cases(store)[case_id].state is State.WITHDRAWN
    bring(store, scheme, [finding(revision=2, found=AT + timedelta(days=2))])
    assert all_cases(store)[case_id].state is State.OPEN


def test_a_late_old_row_changes_nothing(store: SqlCaseStore, scheme: Scheme, finding: Make) -> None:
    bring(store, scheme, [finding(revision=2, fen=300)])
    bring(store, scheme, [finding(revision=1, fen=900)], amounts=counted([finding(revision=2, fen=300)]))
    (case,) = all_cases(store).values()
    assert [(line.revision, line.part_fen, line.counted_fen) for line in case.lines] == [(2, 300, 300)]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]), st.sampled_from(["E1", "E2", None]), st.sampled_from(["L1", "L2"]), st.integers(1, 3),
        st.sampled_from(["open", "superseded"]), st.integers(1, 12_000), st.sampled_from(["definite", "suspicious"]),
    ),
    min_size=1, max_size=14, unique_by=lambda row: (row[:3], row[3], row[4]),
)  # fmt: skip


@given(rows=ROWS, data=st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_arrival_gives_the_same_cases(
    tmp_path_factory: pytest.TempPathFactory, finding: Make, scheme: Scheme, rows: Any, data: Any
) -> None:
    history = [
        finding(
            encounter,
            (line,),
            fen,
            rule=rule,
            revision=revision,
            status=status,
            verdict=verdict,
            found=AT + timedelta(hours=2 * revision + (status != "open")),
        )
        for rule, encounter, line, revision, status, fen, verdict in rows
    ]
    reference, other = (_fresh(tmp_path_factory.mktemp("order")) for _ in range(2))
    bring(reference, scheme, _newest(history), amounts=counted(_newest(history)))
    arrived: list[Finding] = []
    left = data.draw(st.permutations(history))
    while left:
        size = data.draw(st.integers(1, len(left)))
        arrived, batch, left = arrived + left[:size], left[:size], left[size:]
        # every batch comes with the amounts of everything known so far, as a sweep or the stream has them
        bring(other, scheme, _newest(arrived) + batch, amounts=counted(_newest(arrived)))
    strip = lambda cases: {key: replace(case, version=0) for key, case in cases.items()}  # noqa: E731
    assert strip(all_cases(other)) == strip(all_cases(reference))
    for store in (reference, other):
        total = sum(case.amount_fen for case in all_cases(store).values())
        assert total == sum(sum(each.values()) for each in counted(_newest(history)).values())
        store.database.dispose()


def _newest(findings: list[Finding]) -> list[Finding]:
    last: dict[str, Finding] = {}
    for each in findings:
        if each.finding_id not in last or order_of(each) > order_of(last[each.finding_id]):
            last[each.finding_id] = each
    return list(last.values())


def _fresh(folder: Path) -> SqlCaseStore:
    database = Database(f"sqlite:///{folder / 'x.db'}")
    upgrade(database)
    return SqlCaseStore(database)


def test_the_identity_of_a_case_is_deterministic(finding: Make) -> None:
    assert (
        case_key(finding("E1", ("L1",))).case_id
        == case_key(finding("E1", ("L2",), rule="Z")).case_id
        == "C" + case_key(finding("E1")).case_id[1:]
    )
    assert case_key(finding("E1")).case_id != case_key(finding("E2")).case_id

"""The stream opens cases and tells alerts: the same delivery twice, crashes between the places, the cases of the sweep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stream_world import Crash, Stream, events_of, rows_of_store
from test_consumer import CLAIM, CORRECTION, PARTIAL, REST, SENT, one_by_one, told

from pipelines.cases.app import Desk, open_stored
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming.app import open_case_sink, open_consumer
from streaming.judge import Judge
from streaming.topics import ALERTS, CASE_EVENTS
from xiezhi.domain.actor import Scope
from xiezhi.domain.case import Case
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import Settings, find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database


def cases(home: Path) -> dict[str, Case]:
    """All cases of a home."""
    with SqlCaseStore(Database(Settings(home=home).database)).write() as unit:
        ids = sorted({row.key.case_id for row in _rows(unit)})
        return unit.cases(Scope.all(), ids)


def _rows(unit: Any) -> list[Any]:
    from sqlalchemy import select

    from xiezhi.storage.sql.models import findings_current

    ids = list(unit.connection.execute(select(findings_current.c.case_id).distinct()).scalars())
    return [row for rows in unit.findings_of(ids).values() for row in rows]


def shape(found: dict[str, Case]) -> dict[str, tuple[Any, ...]]:
    """What must not depend on the way findings came: not the moment of opening and not how often a case changed."""
    return {
        case_id: (case.key, case.state.value, case.amount_fen, sorted((x.finding_id, x.line_id, x.counted_fen) for x in case.present))
        for case_id, case in found.items()
    }


@pytest.fixture
def make(judge: Judge, rule_base: RuleBase) -> Callable[[Path], Stream]:
    """A stream that opens cases in its home, and tells alerts from 25 yuan on."""

    def made(home: Path) -> Stream:
        home.mkdir(parents=True, exist_ok=True)
        sink = open_case_sink(Settings(home=home, rules_dir=find_rules_dir()), rule_base)
        return Stream(home, judge, cases=sink, alert_fen=2_500)

    return made


def states(home: Path) -> list[tuple[str, int]]:
    return sorted((case.state.value, case.amount_fen) for case in cases(home).values())


def test_a_case_lives_with_its_finding(tmp_path: Path, make: Callable[[Path], Stream]) -> None:
    """Mutants caught: superseded findings are not handed on; what was counted is not counted anew after a refund."""
    stream = make(tmp_path)
    for sent, expected in ((CLAIM, [("open", 3_000)]), (PARTIAL, [("open", 2_000)]), (REST, []), (CORRECTION, [("open", 13_000)])):
        stream.send([sent])
        stream.run()
        assert states(tmp_path) == expected
    events = told(tmp_path, CASE_EVENTS)
    assert [(each["state"], each.get("amount_fen")) for each in sorted(events, key=lambda each: str(each["at"]))] == [
        ("open", 3_000), ("open", 2_000), ("dropped", None), ("open", 13_000),
    ]  # fmt: skip


def test_the_same_delivery_twice_changes_no_case_and_no_audit(tmp_path: Path, make: Callable[[Path], Stream]) -> None:
    """A crash after the cases were opened has the outbox delivered again. Mutant caught: cases opened without regard to revisions."""
    stream = make(tmp_path)
    stream.send([CLAIM])

    def die(point: str) -> None:
        if point == "cases told":
            raise Crash(point)

    with pytest.raises(Crash):
        stream.run(die)
    before, written = cases(tmp_path), _audit(tmp_path)
    assert len(before) == 1
    stream.run()
    assert cases(tmp_path) == before
    assert _audit(tmp_path) == written > 0


def _audit(home: Path) -> int:
    from sqlalchemy import func, select

    from xiezhi.storage.sql.models import audit

    with Database(Settings(home=home).database).read() as connection:
        return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


@pytest.mark.slow
def test_a_crash_around_the_cases_loses_and_doubles_nothing(tmp_path: Path, make: Callable[[Path], Stream]) -> None:
    passed: list[str] = []
    whole = make(tmp_path / "whole")
    one_by_one(whole, passed.append)
    around = [number for number, point in enumerate(passed) if point in ("findings told", "alerts told", "cases opened", "cases told")]
    assert {passed[number] for number in around} == {"findings told", "alerts told", "cases opened", "cases told"}
    for crash_at in around:
        stream = make(tmp_path / str(crash_at))
        left = crash_at

        def fault(point: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                left = 10_000
                raise Crash(point)

        for sent in SENT:
            stream.send([sent])
            try:
                stream.run(fault, events_at_once=1)
            except Crash:
                stream.run(events_at_once=1)
        assert shape(cases(stream.home)) == shape(cases(whole.home)) != {}
        for topic in (ALERTS, CASE_EVENTS):
            assert len(told(stream.home, topic)) == len(told(whole.home, topic)) > 0


def test_alerts_are_definite_open_and_large_enough(tmp_path: Path, judge: Judge) -> None:
    """The claim's finding is worth 30 yuan, 20 after a refund, 130 after a correction.

    Mutants caught: superseded rows alert; no threshold.
    """
    stream = Stream(tmp_path, judge, alert_fen=2_500)
    for sent in (CLAIM, PARTIAL, REST, CORRECTION, CORRECTION):
        stream.send([sent])
        stream.run()
    alerts = told(tmp_path, ALERTS)
    assert [(each["revision"], each["amount_fen"], each["verdict"]) for each in alerts] == [(1, 3_000, "definite"), (3, 13_000, "definite")]
    assert alerts[0]["finding_id"] == alerts[1]["finding_id"]
    assert {"message_zh", "institution_code", "rule_id", "service_date"} <= set(alerts[0])


def test_cases_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_consumer(Settings(home=tmp_path / "h", rules_dir=find_rules_dir(), stream_cases=False)) as consumer:
        consumer.drain()
    assert not (tmp_path / "h" / "xiezhi.db").exists()


@pytest.mark.slow
def test_the_stream_opens_the_cases_of_the_sweep(tmp_path: Path, rule_base: RuleBase) -> None:
    """Cases of the stream = `cases open` after a sweep of the same rules; and after a sweep over the stream's home nothing is double.

    Mutants caught: a stay's money not spread over its lines; superseded findings kept; lines counted per finding instead of per person.
    """
    swept, streamed = (Settings(home=tmp_path / name, rules_dir=find_rules_dir()) for name in ("swept", "streamed"))
    simulate(tmp_path / "out", persons=60, months=6, seed=5, schemes="all")
    points = read_points(sorted((tmp_path / "out" / "knowledge").glob("*.csv"), reverse=True))
    ingest(sorted((tmp_path / "out").glob("*.parquet")), DeltaStore.of_home(swept.home))
    for settings in (swept, streamed):
        KnowledgeBase(settings.home, find_rules_dir()).add(points)
    rules = tuple(rule.id for rule in rule_base.active if not rule.batch)
    sweep(Request(swept.home, find_rules_dir(), rules=rules))
    day, at = date(2026, 7, 1), datetime(2026, 7, 1, 9)
    open_stored(Desk.of(swept), as_of=day, at=at)
    expected = shape(cases(swept.home))

    known = KnowledgeBase(streamed.home, find_rules_dir())
    judge = Judge(rule_base.active, PointBase.of(known.points(), known.version()), rule_base.version)
    stream = Stream(streamed.home, judge, cases=open_case_sink(streamed, rule_base))
    stream.send(events_of(rows_of_store(DeltaStore.of_home(swept.home)), Random(3)))
    stream.run(events_at_once=200)
    found = shape(cases(streamed.home))
    assert len(expected) > 30
    assert found.keys() == expected.keys()
    # A line that a finding about a trace code claims as well may count twice until the whole store is counted (streaming/counted.py).
    traced = {f.finding_id for f in stream.findings() if rule_base.rules[f.rule_id].row_kind == "sale"}
    assert {i for i in found if found[i] != expected[i] and not any(line[0] in traced for line in found[i][3])} == set()

    sweep(Request(streamed.home, find_rules_dir(), rules=rules))
    open_stored(Desk.of(streamed), as_of=day, at=at)
    assert shape(cases(streamed.home)) == expected

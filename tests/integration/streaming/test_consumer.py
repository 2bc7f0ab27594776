"""One event after another; crashes at every point; messages that cannot be used."""

from __future__ import annotations

import base64
import errno
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from stream_world import MOMENT, Crash, Stream, comparable, rows_of_store

from streaming import embedded_log
from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.payload import encode
from streaming.topics import DEAD_LETTERS, FINDINGS, INVENTORY, REGISTRY, REVERSALS, SETTLEMENTS
from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.events import Message
from xiezhi.domain.finding import Finding
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.findings import FindingStore

ECG = "003107010220000"
PLACE = "H99010100001"
VISIT = {
    "mdtrt_id": "M1", "psn_no": "P1", "gend": "1", "brdy": "1980-01-02", "insutype": "310", "fixmedins_code": PLACE,
    "hosp_lv": "05", "begntime": "2026-05-01 08:00:00", "endtime": "2026-05-01 20:00:00", "med_type": "11",
}  # fmt: skip
SETTLED = {
    "setl_id": "S1", "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": PLACE, "setl_time": "2026-05-01 21:00:00",
    "medfee_sumamt": "150.00", "fund_pay_sumamt": "75.00", "refd_setl_flag": "0",
}  # fmt: skip


def fee(number: str, quantity: str, **more: str) -> dict[str, str]:
    return {
        "bkkp_sn": number, "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": PLACE, "fee_ocur_time": "2026-05-01 08:30:00",
        "med_type": "11", "med_list_codg": ECG, "cnt": quantity, "pric": "5", "det_item_fee_sumamt": f"{float(quantity) * 5:.2f}",
        "setl_id": "S1", "updt_time": "2026-05-01 09:00:00", **more,
    }  # fmt: skip


def event(topic: str, key: str = "P1", **tables: list[dict[str, str]]) -> tuple[str, Message]:
    return topic, Message(key, encode(tables))


CLAIM = event(
    SETTLEMENTS, mdtrt_d=[VISIT], setl_d=[SETTLED], fee_list_d=[fee("L1", "20"), fee("L2", "10", fee_ocur_time="2026-05-01 09:30:00")]
)
PARTIAL = event(REVERSALS, fee_list_d=[fee("R1", "-2", init_feedetl_sn="L2", fee_ocur_time="2026-05-03 10:00:00")])
REST = event(REVERSALS, fee_list_d=[fee("R2", "-8", init_feedetl_sn="L2", fee_ocur_time="2026-05-04 10:00:00")])
CORRECTION = event(SETTLEMENTS, fee_list_d=[fee("L2", "40", fee_ocur_time="2026-05-01 09:30:00", updt_time="2026-05-05 09:00:00")])
BAD = SETTLEMENTS, Message("P9", b'{"schema": 1, "tables": {"fee_list_d": [{"cnt": "many", "pric": "1e3x"}], "drugs": []}}')
MERGED = event(REGISTRY, "P1", psn_map_d=[{"old_psn_no": "P1", "psn_no": "P2", "updt_time": "2026-05-06 00:00:00"}])


def hours(stream: Stream) -> list[tuple[int, str, int, tuple[str, ...], str | None]]:
    return [(f.revision, f.status, f.amount_fen, f.line_ids, f.person_id) for f in stream.findings() if f.class_no == 27]


def stored(home: Path) -> dict[str, Finding]:
    with closing(duckdb.connect()) as con:
        return FindingStore(DeltaStore.of_home(home), con).current()


def told(home: Path, topic: str) -> list[dict[str, Any]]:
    """What a reader of a topic holds in the end: the last event of each id."""
    with closing(EmbeddedLog(home / "log")) as log:
        return list({e.headers["id"]: orjson.loads(e.value) for e in log.read("test", [topic], 10_000)}.values())


@pytest.fixture
def stream(tmp_path: Path, judge: Judge) -> Stream:
    return Stream(tmp_path / "home", judge)


def test_the_life_of_a_finding(stream: Stream) -> None:
    """New, revised by a partial refund, superseded by the rest, back by a correction, another one for another person."""
    steps = [
        (CLAIM, (1, "open", 3_000, ("L2",), "P1")),
        (PARTIAL, (2, "open", 2_000, ("L2",), "P1")),
        (REST, (2, "superseded", 2_000, ("L2",), "P1")),
        (CORRECTION, (3, "open", 13_000, ("L2",), "P1")),
        (MERGED, (1, "open", 13_000, ("L2",), "P2")),
    ]
    for sent, expected in steps:
        stream.send([sent])
        stream.run()
        newest = max((f for f in stream.findings() if f.class_no == 27), key=lambda f: f.found_at or MOMENT)
        now = [row for row in hours(stream) if row[4] == newest.person_id]
        assert now == [expected]
        assert comparable(stored(stream.home)[newest.finding_id]) == comparable(newest)
    assert sorted(row[1] for row in hours(stream)) == ["open", "superseded"]


def test_a_claim_sent_twice_is_judged_again_and_adds_nothing(stream: Stream) -> None:
    stream.send([CLAIM])
    stream.run()
    versions = stream.store.versions()
    before = stream.findings()
    stream.send([CLAIM, CLAIM])
    done = stream.run()
    assert (done.counts.duplicates, done.counts.rows, done.counts.judged) == (8, 0, 1)
    assert stream.store.versions() == versions
    assert stream.findings() == before


def test_a_refund_before_its_line_waits_for_it(stream: Stream) -> None:
    stream.send([PARTIAL])
    stream.run()
    assert hours(stream) == []
    stream.send([CLAIM])
    stream.run()
    assert hours(stream) == [(1, "open", 2_000, ("L2",), "P1")]


def test_a_message_that_cannot_be_used_is_kept_with_everything_that_is_wrong(stream: Stream) -> None:
    bad = [
        BAD,
        (SETTLEMENTS, Message("k", b"\xff not json")),
        (SETTLEMENTS, Message("k", b'{"schema": 7, "tables": {}}')),
        (INVENTORY, Message("k", b'[1, 2]')),
        (SETTLEMENTS, Message("k", b'{"schema": 1, "tables": {"setl_d": {"a": 1}, "mdtrt_d": [3]}}')),
    ]  # fmt: skip
    stream.send([CLAIM, *bad, PARTIAL])
    done = stream.run()
    assert done.counts.dead == 5
    assert hours(stream)[0][2] == 2_000, "the sound messages around them count"
    letters = {letter["position"]: letter for letter in told(stream.home, DEAD_LETTERS)}
    assert len(letters) == 5
    assert {base64.b64decode(letter["value_base64"]) for letter in letters.values()} == {message.value for _, message in bad}
    first = next(letter for letter in letters.values() if base64.b64decode(letter["value_base64"]) == BAD[1].value)
    where = [problem["where"] for problem in first["problems"]]
    assert {"tables.drugs", "tables.fee_list_d[0].cnt", "tables.fee_list_d[0].pric", "tables.fee_list_d[0].bkkp_sn"} <= set(where)
    assert first["position"] == f"{first['topic']}/{first['partition']}@{first['offset']}"
    assert all(letter["problems"] for letter in letters.values())


def test_unknown_fields_are_kept(stream: Stream) -> None:
    stream.send([event(SETTLEMENTS, mdtrt_d=[VISIT | {"new_field": "新"}])])
    stream.run()
    (row,) = rows_of_store(stream.store, ["mdtrt_d"])["mdtrt_d"]
    assert orjson.loads(row["extra"]) == {"new_field": "新"}


def test_other_rules_judge_everyone_again(stream: Stream, judge: Judge, other_judge: Judge) -> None:
    stream.send([CLAIM])
    stream.run()
    Stream(stream.home, other_judge).run()
    assert {f.status for f in stream.findings() if f.class_no == 27} == {"superseded"}
    stream.run()
    assert hours(stream)[0][:2] == (2, "open")


SENT = [CLAIM, BAD, PARTIAL, CORRECTION, MERGED, REST]


def outcome(stream: Stream) -> Mapping[str, Any]:
    """Everything that may be neither lost nor doubled."""
    rows = rows_of_store(stream.store)
    stored_rows = {table: sorted(row["content_hash"] for row in those) for table, those in rows.items() if table != "findings"}
    newest = stored(stream.home)
    with closing(duckdb.connect()) as con:
        keys = con.execute(
            f"SELECT finding_id, revision, status, amount_fen FROM {stream.store.scan_sql('findings')} ORDER BY ALL"
        ).fetchall()
    return {
        "open": stream.open(),
        "stored open": {i: comparable(f) for i, f in newest.items() if f.status == "open"},
        "rows": stored_rows,
        "findings rows": keys,
        "revisions": sorted((f.finding_id, f.revision, f.status) for f in stream.findings()),
        "told": sorted((f["finding_id"], f["revision"], f["status"]) for f in told(stream.home, FINDINGS)),
        "dead": sorted(letter["position"] for letter in told(stream.home, DEAD_LETTERS)),
    }


def one_by_one(stream: Stream, fault: Any = lambda point: None) -> None:
    """All messages, each in a step of its own."""
    for sent in SENT:
        stream.send([sent])
        stream.run(fault, events_at_once=1)


@pytest.mark.slow
def test_a_crash_at_any_point_loses_and_doubles_nothing(tmp_path: Path, judge: Judge) -> None:
    passed: list[str] = []
    whole = Stream(tmp_path / "whole", judge)
    one_by_one(whole, passed.append)
    expected = outcome(whole)
    assert expected["open"] == expected["stored open"] != {}
    assert {
        "read",
        "history written",
        "history committed",
        "findings stored",
        "findings told",
        "dead letters told",
        "outbox emptied",
    } <= set(passed)
    assert {"stored fee_list_d", "stored mdtrt_d", "stored psn_map_d", "offsets committed"} <= set(passed)
    for crash_at in range(len(passed)):
        stream = Stream(tmp_path / str(crash_at), judge)
        seen = 0

        def fault(point: str, at: int = crash_at) -> None:
            nonlocal seen
            seen += 1
            if seen == at + 1:
                raise Crash(point)

        for sent in SENT:
            stream.send([sent])
            try:
                stream.run(fault, events_at_once=1)
            except Crash:
                stream.run(events_at_once=1)
        found = outcome(stream)
        for name, value in expected.items():
            assert found[name] == value, f"{name} after a crash at {passed[crash_at]} ({crash_at})"


def test_crash_upon_crash(tmp_path: Path, judge: Judge) -> None:
    """A process that dies at every second point still gets there."""
    whole = Stream(tmp_path / "whole", judge)
    one_by_one(whole)
    stream = Stream(tmp_path / "dying", judge)
    left = 0

    def fault(point: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash(point)

    for sent in SENT:
        stream.send([sent])
        for patience in range(1, 60):
            left = patience
            try:
                stream.run(fault, events_at_once=1)
            except Crash:
                continue
            break
    assert outcome(stream) == outcome(whole)


def test_unknown_codes_are_kept_and_accuse_nobody(stream: Stream) -> None:
    """Item, institution, practitioner, kind of visit and diagnosis that nothing here knows: stored as sent, judged as unknown.

    Mutant caught: a code without a meaning taken for a breach (or for a reason to lose the message).
    """
    odd = {"med_list_codg": "XZ99ZZZ999Z999999999999", "bilg_dr_code": "D999999999", "med_type": "9999"}
    visit = {**VISIT, "med_type": "9999", "dscg_maindiag_code": "Z99.999x999"}
    stream.send([event(SETTLEMENTS, mdtrt_d=[visit], setl_d=[SETTLED], fee_list_d=[fee("L1", "20", **odd), fee("L2", "10", **odd)])])
    done = stream.run()
    assert (done.counts.dead, done.counts.rows) == (0, 4)
    assert stream.findings() == []
    kept = rows_of_store(stream.store, ["fee_list_d"])["fee_list_d"]
    assert {(row["med_list_codg"], row["bilg_dr_code"], row["med_type"]) for row in kept} == {tuple(odd.values())}


def test_a_full_disk_of_the_log_stops_the_stream_and_loses_nothing(stream: Stream, tmp_path: Path, judge: Judge, monkeypatch: Any) -> None:
    """The disk fills while findings are told: a clear error; with room again the same events come to the same, each told once."""
    whole = Stream(tmp_path / "whole", judge)
    for each in (whole, stream):
        each.send([CLAIM, BAD])
    whole.run()

    def full(file: int, data: Any, at: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(embedded_log.os, "pwrite", full)
        with pytest.raises(XiezhiError, match=r"disk is full.*nothing was added to findings"):
            stream.run()
    assert told(stream.home, FINDINGS) == []
    stream.run()
    assert outcome(stream) == outcome(whole)

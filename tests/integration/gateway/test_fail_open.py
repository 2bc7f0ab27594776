"""Whatever is slow or down: the hospital goes on, and is told what was not checked."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from streaming.gateway.metrics import Metrics
from streaming.gateway.outbox import Outbox
from streaming.gateway.service import Limits
from streaming.topics import PRECHECKS
from xiezhi.domain.events import Message, Position
from xiezhi.services.screen_claim import Screener
from xiezhi.storage.feedback_file import FileFeedback
from xiezhi.storage.memory import MemoryFeedback, MemoryHistory

SHORT = Limits({"3101": 0.2, "3102": 0.2, "3103": 0.2}, small=0)


class Slow(MemoryHistory):
    def raw_person(self, person: str) -> Any:
        time.sleep(0.5)
        return super().raw_person(person)


class Broken(MemoryHistory):
    def lookups(self) -> Any:
        raise OSError("the disk is gone")


@pytest.mark.parametrize("store", [Slow(), Broken()])
def test_without_history_the_message_alone_is_judged(
    store: MemoryHistory, make_bench: Callable[..., Any], changed: Callable[..., Any]
) -> None:
    """30 hours in one order are seen without history; what needs history is named, and the answer comes in time."""
    order = "input.data.patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos[0]"
    bench = make_bench(store, limits=SHORT)
    message = changed({f"{order}.cnt": 30, f"{order}.sumamt": 150})

    async def timed() -> tuple[dict[str, Any], float]:
        gateway = bench.make()
        await gateway.start()
        began = time.perf_counter()
        answer = await gateway.answer(json.dumps(message).encode())
        took = time.perf_counter() - began
        await gateway.stop()
        assert gateway.metrics.value("not_checked", reason="history") == 1
        return json.loads(answer), took

    answer, took = asyncio.run(timed())
    assert answer["infcode"] == 0
    assert took < 0.45
    assert "历史数据暂不可用" in answer["warn_msg"]
    assert [row["vola_amt"] for row in answer["output"]["result"]] == [30.0]
    unseen = {row["rule_id"]: row["reason"] for row in answer["output"]["not_seen"]}
    assert "历史数据暂不可用" in unseen["XZ-C31"]
    assert "GZ10000301004000" not in unseen, "the sex of the patient is in the message"


def test_a_partial_answer_is_not_kept(make_bench: Callable[..., Any], message: dict[str, Any], history: MemoryHistory) -> None:
    class Recovers(MemoryHistory):
        down = True

        def raw_person(self, person: str) -> Any:
            if self.down:
                self.down = False
                raise OSError
            return history.raw_person(person)

    first, second = make_bench(Recovers()).ask(message, message)
    assert first["output"]["result"] == []
    assert [row["vola_amt"] for row in second["output"]["result"]] == [30.0]


def test_without_rules_nothing_is_checked_and_the_gateway_is_not_ready(make_bench: Callable[..., Any], message: dict[str, Any]) -> None:
    def load() -> Screener:
        raise ValueError("rules are broken")

    bench = make_bench(None, load=load)
    (answer,) = bench.ask(message)
    assert answer["infcode"] == 0
    assert "规则库不可用" in answer["warn_msg"]
    assert answer["output"]["not_seen"] == [{"rule_id": "", "rule_name": "", "reason": answer["warn_msg"]}]
    assert bench.gateway.unready() == ["规则库未加载"]


class Judging:
    """A screener that takes its time, or fails."""

    def __init__(self, honest: Screener, seconds: float = 0.0, error: Exception | None = None) -> None:
        self.honest, self.seconds, self.error = honest, seconds, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.honest, name)

    def screen(self, *arguments: Any) -> Any:
        time.sleep(self.seconds)
        if self.error:
            raise self.error
        return self.honest.screen(*arguments)


def test_too_slow_says_so(make_bench: Callable[..., Any], screener: Screener, message: dict[str, Any]) -> None:
    (answer,) = make_bench(None, load=lambda: Judging(screener, 0.6), limits=SHORT).ask(message)
    assert answer["infcode"] == 0
    assert "200 毫秒" in answer["warn_msg"]


def test_an_error_of_ours_is_not_the_hospitals(make_bench: Callable[..., Any], screener: Screener, message: dict[str, Any]) -> None:
    (answer,) = make_bench(None, load=lambda: Judging(screener, error=RuntimeError("secret 张某"))).ask(message)
    assert answer["infcode"] == 0
    assert "内部错误" in answer["warn_msg"]
    assert "secret" not in json.dumps(answer, ensure_ascii=False)


def test_stored_rows_that_cannot_be_read_do_not_stop_the_message(
    make_bench: Callable[..., Any], history: MemoryHistory, message: dict[str, Any]
) -> None:
    raw = history.raw_person("P1")
    assert raw is not None
    raw.lines[0].pop("cnt")  # type: ignore[attr-defined]
    try:
        (answer,) = make_bench(history).ask(message)
    finally:
        raw.lines[0]["cnt"] = 20  # type: ignore[index]
    assert answer["infcode"] == 0
    assert {"rule_id": "", "rule_name": "", "reason": "已存数据无法读取"} in answer["output"]["not_seen"]


def test_too_many_at_once_are_told(make_bench: Callable[..., Any], screener: Screener, message: dict[str, Any]) -> None:
    limits = Limits({"3101": 1.0, "3102": 1.0, "3103": 1.0}, in_flight=2, small=0)
    bench = make_bench(None, load=lambda: Judging(screener, 0.05), limits=limits)
    bodies = [json.dumps({**message, "opter": str(number)}).encode() for number in range(5)]
    answers = [json.loads(answer) for answer in bench.answers(bodies, together=True)]
    busy = [answer for answer in answers if "请求过多" in answer["warn_msg"]]
    assert len(busy) == 3
    assert all(answer["infcode"] == 0 for answer in answers)
    assert bench.gateway.metrics.in_flight == 0


class FullDisk(MemoryFeedback):
    def add(self, rows: Any) -> None:
        raise OSError(28, "No space left on device")


def test_feedback_that_cannot_be_kept_must_be_sent_again(
    make_bench: Callable[..., Any], history: MemoryHistory, message: dict[str, Any]
) -> None:
    bench = make_bench(history, feedback=FullDisk())
    (answer,) = bench.ask(message)
    warn = {"warn_rslt_id": answer["output"]["result"][0]["jr_id"], "dspo_way": "2"}
    again = {**message, "infno": "3103", "input": {"data": {"warn_type": "2", "warns": [warn]}}}
    (answer,) = bench.ask(again)
    assert answer["infcode"] == -1
    assert "重发" in answer["err_msg"]


class Kept:
    """An event log in a list; `full` refuses."""

    def __init__(self, full: bool = False) -> None:
        self.full = full
        self.messages: list[tuple[str, Message]] = []

    def append(self, topic: str, key: str, value: bytes, headers: Any = None) -> Position:
        return self.append_all(topic, [Message(key, value)])[0]

    def append_all(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        if self.full:
            raise OSError(28, "No space left on device")
        self.messages += [(topic, message) for message in messages]
        return [Position(topic, 0, number) for number, _ in enumerate(messages)]

    def read(self, *arguments: Any) -> Any:
        return []

    def commit(self, *arguments: Any) -> None: ...

    def close(self) -> None: ...


def test_accepted_messages_are_put_onto_the_log(make_bench: Callable[..., Any], message: dict[str, Any]) -> None:
    events = Kept()
    make_bench(None, outbox=Outbox(events)).ask(message, {**message, "opter": None})
    ((topic, kept),) = events.messages
    assert (topic, kept.key) == (PRECHECKS, "P1")
    assert json.loads(kept.value)["message"] == message


def test_a_full_log_does_not_hold_the_answer(make_bench: Callable[..., Any], history: MemoryHistory, message: dict[str, Any]) -> None:
    bench = make_bench(history, outbox=Outbox(Kept(full=True)))
    (answer,) = bench.ask(message)
    assert len(answer["output"]["result"]) == 1
    assert bench.gateway.metrics.value("log_failures") == 1


def test_a_full_disk_for_reminders_does_not_hold_the_answer(
    tmp_path: Path, make_bench: Callable[..., Any], history: MemoryHistory, message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = FileFeedback(tmp_path)

    def full(rows: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "warned", full)
    (answer,) = make_bench(history, feedback=kept).ask(message)
    kept.close()
    assert len(answer["output"]["result"]) == 1


def test_a_log_that_hangs_does_not_hold_the_end(make_bench: Callable[..., Any]) -> None:
    """A server that is told to end waits for the event log only so long; what is lost is counted."""
    hold = threading.Event()

    class Hanging:
        def append_all(self, topic: str, messages: Sequence[Message]) -> list[Position]:
            hold.wait(5)
            return []

    async def timed() -> tuple[float, int]:
        metrics, outbox = Metrics(), Outbox(Hanging(), batch=1)  # type: ignore[arg-type]
        outbox.start(metrics)
        for number in range(3):
            outbox.put("P", {"n": number})
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        await outbox.stop(0.2)
        return time.perf_counter() - began, metrics.value("log_failures")

    took, lost = asyncio.run(timed())
    hold.set()
    assert took < 2
    assert lost == 2

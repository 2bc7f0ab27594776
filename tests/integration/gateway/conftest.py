"""A gateway over the rules of the checkout, one person with a history, a clock that stands still."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streaming.gateway.app import load_screener
from streaming.gateway.http import Application
from streaming.gateway.outbox import Outbox
from streaming.gateway.sample import request
from streaming.gateway.service import LIMITS, Gateway, Limits
from xiezhi.domain.calendar import day_number
from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.ports import FeedbackStore, HistoryStore
from xiezhi.services.screen_claim import Screener
from xiezhi.settings import find_rules_dir
from xiezhi.storage.memory import MemoryFeedback, MemoryHistory

ECG = "003107010220000"
HOSPITAL = "H99010100001"
META = {"updt_time": None, "known_fields": 5, "content_hash": "a"}


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 5, 1, 12, 0, 0, 7_000)


def line(number: str, quantity: str, at: datetime, **more: Any) -> dict[str, Any]:
    row = {
        "bkkp_sn": number, "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": HOSPITAL, "fee_ocur_time": at, "med_type": "11",
        "med_list_codg": ECG, "cnt": Decimal(quantity), "pric": Decimal(5), "det_item_fee_sumamt": Decimal(quantity) * 5,
        "setl_id": None, "medins_list_name": "心电监护", "hilist_name": "心电监护", "bilg_dr_code": "D1", "init_feedetl_sn": None,
    }  # fmt: skip
    return {**META, **row, **more}


def visit(**more: Any) -> dict[str, Any]:
    row = {
        "mdtrt_id": "M1", "psn_no": "P1", "psn_name": "张某", "gend": "1", "brdy": date(1980, 1, 2), "insutype": "310",
        "fixmedins_code": HOSPITAL, "hosp_lv": "05", "begntime": datetime(2026, 5, 1, 8), "endtime": datetime(2026, 5, 1, 11),
        "med_type": "11", "fix_blng_admdvs": "990101",
    }  # fmt: skip
    return {**META, **row, **more}


EARLIER = line("L0", "20", datetime(2026, 5, 1, 8, 10))
NOW = line("L1", "10", datetime(2026, 5, 1, 9, 30))
DIAGNOSIS = {**META, "mdtrt_id": "M1", "diag_code": "I10.x00", "maindiag_flag": "1", "psn_no": "P1"}


@pytest.fixture(scope="session")
def screener(tmp_path_factory: pytest.TempPathFactory) -> Screener:
    return load_screener(tmp_path_factory.mktemp("home"), find_rules_dir())


@pytest.fixture
def history() -> MemoryHistory:
    """Twenty hours of monitoring on 1 May are stored; the limit is 24 a day."""
    return MemoryHistory([RawPerson("P1", [EARLIER], [visit()])], Lookups(earliest_date=day_number(date(2020, 1, 1))))


@pytest.fixture
def message() -> dict[str, Any]:
    """A 3102 about ten more hours."""
    return request(RawPerson("P1", [NOW], [visit()], [], [DIAGNOSIS]), ["M1"])


Asked = Callable[..., dict[str, Any]]


class Bench:
    """A gateway and what it is made of; `ask` sends bodies one after the other and returns the answers."""

    def __init__(
        self,
        load: Callable[[], Screener],
        history: HistoryStore | None,
        feedback: FeedbackStore | None = None,
        outbox: Outbox | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self.feedback = feedback or MemoryFeedback()
        self.make = lambda: Gateway(load, history, self.feedback, StoppedClock(), outbox, limits)
        self.gateway: Gateway

    def answers(self, bodies: Sequence[bytes], together: bool = False, **more: Any) -> list[bytes]:
        async def run() -> list[bytes]:
            self.gateway = self.make()
            await self.gateway.start()
            try:
                if together:
                    return list(await asyncio.gather(*(self.gateway.answer(body, **more) for body in bodies)))
                return [await self.gateway.answer(body, **more) for body in bodies]
            finally:
                await self.gateway.stop()

        return asyncio.run(run())

    def ask(self, *messages: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        return [json.loads(answer) for answer in self.answers([dump(message) for message in messages], **more)]


def dump(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


@pytest.fixture
def bench(screener: Screener, history: MemoryHistory) -> Bench:
    return Bench(lambda: screener, history)


@pytest.fixture
def make_bench(screener: Screener) -> Callable[..., Bench]:
    return lambda history=None, **more: Bench(more.pop("load", lambda: screener), history, **more)


@pytest.fixture
def serve(bench: Bench) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Send one HTTP request through the ASGI application."""
    return lambda *arguments, **more: http(bench, *arguments, **more)


def http(
    bench: Bench, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, keys: dict[str, bytes] | None = None
) -> tuple[int, dict[str, str], bytes]:
    async def run() -> tuple[int, dict[str, str], bytes]:
        application = Application(bench.make(), keys or {})
        await application.gateway.start()
        sent: list[Any] = []
        parts = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]
        events = [{"type": "http.request", "body": part, "more_body": n < len(parts) - 1} for n, part in enumerate(parts)]

        async def receive() -> Any:
            return events.pop(0)

        async def send(event: Any) -> None:
            sent.append(event)

        pairs = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
        await application({"type": "http", "method": method, "path": path, "headers": pairs}, receive, send)
        await application.gateway.stop()
        got = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], got, sent[1]["body"]

    return asyncio.run(run())


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parent / "golden"


@pytest.fixture
def changed(message: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """A copy of the message with values set by path, or taken away with `...`."""

    def change(values: dict[str, Any]) -> dict[str, Any]:
        copied = copy.deepcopy(message)
        for path, value in values.items():
            *above, last = path.replace("[", ".").replace("]", "").split(".")
            node: Any = copied
            for step in above:
                node = node[int(step) if step.isdigit() else step]
            if value is ...:
                del node[last]
            else:
                node[int(last) if last.isdigit() else last] = value
        return copied

    return change

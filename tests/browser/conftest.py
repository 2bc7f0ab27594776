"""A real server over a small region, and a real Chromium that may talk to it and to nobody else."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from xiezhi.domain.actor import SYSTEM, Role, Scope
from xiezhi.settings import load_settings

PASSWORD = "a pass phrase for tests"
AT = datetime(2026, 9, 1, 9, 0)


@dataclass(frozen=True)
class Site:
    """Address of the server and its home."""

    url: str
    home: Path


def put_signals(database: Any) -> None:
    """Scores and a lead about the first case of the queue, so that every part of the pages has something to show."""
    from xiezhi.domain.queue import QueueFilter
    from xiezhi.domain.signal import Lead, Member, Relation, Score, ScoreReason, Subject, lead_id
    from xiezhi.services.signals import apply_signals
    from xiezhi.storage.sql.case_store import SqlCaseStore
    from xiezhi.storage.sql.signals import SqlSignalStore

    store, signals = SqlCaseStore(database), SqlSignalStore(database)
    rows = store.queue(Scope.all(), QueueFilter(), None, 30)
    with store.write() as unit:
        cases = unit.cases(Scope.all(), [row.case_id for row in rows])
    people = sorted({case.person_id for case in cases.values() if case.person_id})
    place, doctor, day = rows[0].institution_code, "D000001", date(2026, 8, 3)
    reasons = (
        ScoreReason("fee", 12.5, 4.25, 0.5, "次均 12.5 元，同组 4.25 元", "12.5 yuan a visit, peers 4.25"),
        ScoreReason("beds", 40.0, None, -0.1, "床位 40 张", "40 beds"),
    )
    about = [(Subject.INSTITUTION, place), *((Subject.PERSON, each) for each in people)]
    for model in ("m.one", "m.two"):
        signals.put_scores(model, "2026-08", [Score(*each, "2026-08", model, "1", 900, 0.4, "g", 9, reasons, "r") for each in about])
    members = (*(Member(Subject.PERSON, each) for each in people), Member(Subject.INSTITUTION, place, "hub"))
    members = (*members, Member(Subject.PRACTITIONER, doctor))
    kinds = ("visits", "same_phone", "same_time_visits", "trace_code")
    relations = tuple(Relation(each, place, kind, 2.0, day, day) for each in people for kind in kinds)
    title = "数人共用一个电话", "some persons share a phone"
    shared, evidence = (("phone", "139****5678", 3),), (("一句。",), ("One.",))
    measures = {"observed": 3.0, "expected": 0.02, "lift": 150.0, "p": 1e-9}
    key = lead_id("shared_contact", "2026-08", people)
    lead = Lead(
        key, "shared_contact", "2026-08", 880, *title, members, (place,), day, day, shared, measures, *evidence, relations, 12_345, "r"
    )
    signals.put_leads(["shared_contact"], "2026-08", [lead])
    apply_signals(store, signals, date(2026, 9, 1), AT, 200)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    import uvicorn

    from pipelines.cases.app import Desk, open_stored
    from pipelines.demo.run import demonstrate
    from pipelines.demo.steps import LOADED, SWEEP
    from supervision_ui.app import create_app
    from xiezhi.storage.sql.users import add_user

    home = tmp_path / "home"
    monkeypatch.setenv("XIEZHI_HOME", str(home))
    demonstrate(home, persons=300, months=3, seed=11, say=lambda text: None, chain=(*LOADED, SWEEP))
    desk = Desk.of(load_settings())
    open_stored(desk, as_of=date(2026, 9, 1), at=AT)
    add_user(desk.database, SYSTEM, "inspector", PASSWORD, Role.INSPECTOR, Scope.all(), AT)
    put_signals(desk.database)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(load_settings()), port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Site(f"http://127.0.0.1:{port}", home)
    server.should_exit = True
    thread.join(10)


def find_chromium() -> str | None:
    """Path of a Chromium: `XIEZHI_TEST_CHROMIUM`, else one that is installed."""
    return os.environ.get("XIEZHI_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@dataclass
class Browser:
    """A page, and what it did that it must not: errors on the console, requests to other hosts."""

    page: Any
    errors: list[str]
    strangers: list[str]


@pytest.fixture
def browser(site: Site, unavailable: Callable[[str, str], NoReturn]) -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        unavailable("services", "no Playwright: pip install playwright")
    path = find_chromium()
    if path is None:
        unavailable("services", "no Chromium: apt-get install chromium, or set XIEZHI_TEST_CHROMIUM")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=quiet)
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        errors: list[str] = []
        strangers: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith((site.url, "data:")) else strangers.append(request.url))
        yield Browser(page, errors, strangers)
        chromium.close()

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

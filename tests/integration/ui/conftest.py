"""A small region with cases, once a session and copied for each test, and a signed-in client of the application."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from supervision_ui.app import create_app
from xiezhi.domain.actor import SYSTEM, Role, Scope
from xiezhi.domain.queue import QueueFilter
from xiezhi.settings import Settings, load_settings
from xiezhi.storage.sql.users import add_user

PASSWORD = "a pass phrase for tests"
AT = datetime(2026, 9, 1, 9, 0)


def make_region(home: Path) -> None:
    """Simulate, ingest, sweep, open cases, add accounts below `home`."""
    from pipelines.cases.app import Desk, open_stored
    from pipelines.demo.run import demonstrate
    from pipelines.demo.steps import LOADED, SWEEP

    os.environ["XIEZHI_HOME"] = str(home)
    try:
        demonstrate(home, persons=300, months=3, seed=11, say=lambda text: None, chain=(*LOADED, SWEEP))
        desk = Desk.of(load_settings())
        open_stored(desk, as_of=date(2026, 9, 1), at=AT)
        first = desk.store.queue(Scope.all(), QueueFilter(), None, 1)[0]
        for name, role in (("inspector", Role.INSPECTOR), ("reviewer", Role.REVIEWER), ("admin", Role.ADMIN)):
            add_user(desk.database, SYSTEM, name, PASSWORD, role, Scope.all(), AT)
        add_user(desk.database, SYSTEM, "elsewhere", PASSWORD, Role.INSPECTOR, Scope.of(regions=["110000"]), AT)
        add_user(desk.database, SYSTEM, "hospital", PASSWORD, Role.INSTITUTION, Scope.of(institutions=[first.institution_code]), AT)
        desk.database.dispose()
    finally:
        del os.environ["XIEZHI_HOME"]


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("region") / "home"
    make_region(home)
    return home


@pytest.fixture
def settings(region: Path, home: Path) -> Settings:
    shutil.copytree(region, home, ignore=shutil.ignore_patterns("tables", "truth", "*.html", "tmp"))
    return load_settings()


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as made:
        yield made


@pytest.fixture
def sign_in(client: TestClient) -> Callable[[str], TestClient]:
    def sign_in(username: str) -> TestClient:
        client.cookies.clear()
        token = csrf(client.get("/login").text)
        answer = client.post("/login", data={"csrf": token, "username": username, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return client

    return sign_in


def csrf(page: str) -> str:
    """The token of a form."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]

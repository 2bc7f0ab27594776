"""The demonstration runs the whole chain on a home of its own, says each step, and leaves a region that its users can work on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.demo.accounts import ROLES
from pipelines.demo.run import apart
from pipelines.demo.steps import CHAIN
from xiezhi.domain.actor import READERS, Role
from xiezhi.settings import load_settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.users import authenticate, list_users

CONTRACT = [
    *("inspector", "reviewer", "supervisor", "author", "checker", "deployer"),
    *("panel", "officer", "institution", "thirdparty", "admin"),
]
PASSWORD = "demo pass phrase of the test"
AT = datetime(2026, 9, 1, 9, 0)


@dataclass(frozen=True)
class Done:
    """What one `xiezhi demo` printed, and where it wrote."""

    document: dict[str, Any]
    stdout: str
    stderr: str
    home: Path
    chain: list[str]


SHORT = ("simulate", "knowledge.import", "ingest", "replay", "stream", "sweep", "cases.open", "panel", "cases.list")
"""The steps that the pages rest on. The others (graph, models, credit, report) have tests of their own and take most of the time."""
RUNNER = """
import sys
from pipelines.demo import run
kept = sys.argv.pop(1).split(",")
run.demonstrate.__kwdefaults__["chain"] = tuple(step for step in run.CHAIN if step.command in kept)
from xiezhi.cli import main
main()
"""
"""`xiezhi` with a chain of fewer steps."""


def run_demo(home: Path, steps: list[str], *more: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XIEZHI_")}
    arguments = ["demo", "--persons", "200", "--months", "2", "--seed", "11", *more]
    return subprocess.run(
        [sys.executable, "-c", RUNNER, ",".join(steps), *arguments],
        env={**environment, "XIEZHI_HOME": str(home), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module", params=["short", pytest.param("whole", marks=pytest.mark.slow)])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Run off a terminal, with settings that point at the user's own database and Kafka, which must not be touched."""
    home = tmp_path_factory.mktemp("demo")
    own = {"XIEZHI_DATABASE_URL": f"sqlite:///{home / 'own.db'}", "XIEZHI_KAFKA": "127.0.0.1:1"}
    steps = [step.command for step in CHAIN if request.param == "whole" or step.command in SHORT]
    run = run_demo(home, steps, "--json", XIEZHI_DEMO_PASSWORD=PASSWORD, **own)
    assert run.returncode == 0, run.stderr
    return Done(json.loads(run.stdout), run.stdout, run.stderr, home, steps)


@pytest.fixture
def database(done: Done) -> Iterator[Database]:
    with apart(done.home / "demo"):
        opened = Database(load_settings().database)
        yield opened
        opened.dispose()


def test_every_step_of_the_chain_ran_in_order_and_is_timed(done: Done) -> None:
    """Kills: a step left out of the chain or run twice."""
    names = [step.command for step in CHAIN]
    assert len(set(names)) == len(names)
    assert set(SHORT) <= set(names)
    names = done.chain
    assert list(done.document["steps"]) == names
    assert list(done.document["seconds"]) == [*names, "user.add", "detection"]
    places = [done.stderr.index(step.label) for step in CHAIN if step.command in names]
    assert places == sorted(places)


def test_one_day_went_through_the_log_and_the_stream(done: Done) -> None:
    steps, tables = done.document["steps"], done.home / "demo" / "tables"
    day = date.fromisoformat(done.document["day"])
    last, settled = duckdb.execute(
        f"SELECT max(CAST(setl_time AS DATE)), COUNT(DISTINCT mdtrt_id) FILTER (CAST(setl_time AS DATE) = DATE '{day}')"
        f" FROM '{tables}/setl_d.parquet'"
    ).fetchall()[0]
    assert day == last
    assert steps["stream"]["events"] == steps["replay"]["events"] > settled > 0
    assert steps["stream"]["dead"] == 0
    # The rows of the day are in the store already: the stream must not have written them again.
    store = DeltaStore.of_home(done.home / "demo")
    stored = duckdb.execute(f"SELECT COUNT(*) FROM {store.scan_sql('fee_list_d')}").fetchall()[0][0]
    assert stored == steps["ingest"]["tables"]["fee_list_d"]["accepted"] > 0


def test_the_queue_has_the_cases_of_the_findings(done: Done) -> None:
    steps = done.document["steps"]
    queue = steps["cases.list"]
    opened, panel = steps["cases.open"], steps["panel"]
    assert opened["waiting_fen"] == steps["sweep"]["counted_amount_fen"] > 0
    assert panel["waiting"] == opened["waiting"]
    # The panel decides at most half from the top, and a few at random: the rest is what the users find.
    assert panel["cases"]["top"] <= opened["waiting"] // 2
    assert queue["total"]["cases"] == opened["waiting"] - sum(panel["outcomes"].values()) > 5
    assert 0 < queue["total"]["amount_fen"] < opened["waiting_fen"]
    priorities = [row["priority"] for row in queue["cases"]]
    assert len(priorities) == 5
    assert priorities == sorted(priorities, reverse=True)
    assert {each["scheme"] for each in done.document["schemes"] if each["lines_found"]}, "the injected schemes are found"


def test_the_eleven_users_sign_in_and_see_what_is_theirs(done: Done, database: Database) -> None:
    """Kills: a role without its account, everybody seeing everything, an institution that sees its neighbours."""
    assert sorted(done.document["accounts"]) == sorted(CONTRACT) == sorted(role.value for role in ROLES)
    users = {user.username: user for user in list_users(database)}
    assert {name: user.role.value for name, user in users.items()} == {name: name for name in CONTRACT}
    top = done.document["steps"]["cases.list"]["cases"][0]["institution_code"]
    assert users["institution"].scope.institutions == {top}
    assert not users["institution"].scope.allows("H99010100199")
    assert users["inspector"].scope.allows(top)
    assert not users["inspector"].scope.allows("H33010600012")
    for name in CONTRACT:
        actor = authenticate(database, name, PASSWORD, AT)
        assert actor is not None
        assert actor.role is Role(name)
    assert authenticate(database, "inspector", "something else", AT) is None
    assert len(READERS & set(ROLES)) == 5


def test_the_password_is_in_no_file_and_not_in_the_document(done: Done) -> None:
    """Kills: the password in `--json`, in the audit log, in a log file, in a table."""
    assert PASSWORD not in done.stdout
    assert done.stderr.count(PASSWORD) == 1
    holders = [path for path in done.home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert holders == []


def test_nothing_outside_of_its_home_is_touched(done: Done) -> None:
    """Kills: the demonstration working on the database or the Kafka of the settings."""
    assert [path.name for path in done.home.iterdir()] == ["demo"]
    assert (done.home / "demo" / "log").is_dir()


def test_bad_wishes_are_refused(home: Path, run_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEZHI_DEMO_PASSWORD", "short")
    refused = run_cli("demo", "--no-serve")
    assert refused.code == 2
    assert "short" not in refused.err.replace("too short", "")
    monkeypatch.delenv("XIEZHI_DEMO_PASSWORD")
    refused = run_cli("demo", "--persons", "200", "--months", "1", "--day", "2031-01-01", "--no-serve")
    assert refused.code == 2
    assert "2026-02-28" in refused.err

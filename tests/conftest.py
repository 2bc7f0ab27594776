"""What every test can rely on: a clean environment, a private home, the command line in-process, and what happens when something is absent.

A test that needs the shared examples takes the fixture `shared_data`; one that needs a service calls `unavailable` when it cannot have
it. Both skip with one line saying what to install, and both fail instead where `XIEZHI_REQUIRE` names `data` or `services` (CI does).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
# The benchmarks are not part of the wheel.
collect_ignore = [] if (ROOT / "bench").is_dir() else ["unit/bench"]
KEPT = {"XIEZHI_REQUIRE", "XIEZHI_SHARED_DATA"}

hypothesis.settings.register_profile("xiezhi", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("xiezhi")


def missing(kind: str, reason: str) -> NoReturn:
    """Skip the running test, or fail it where `XIEZHI_REQUIRE` lists the kind."""
    if kind in os.environ.get("XIEZHI_REQUIRE", "").split(","):
        pytest.fail(f"required ({kind}) but missing: {reason}", pytrace=False)
    pytest.skip(reason)


def find_shared_data() -> Path | None:
    """The folder of shared examples: `XIEZHI_SHARED_DATA`, else `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("XIEZHI_SHARED_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("data") and find_shared_data() is None:
        missing("data", "no shared examples: put them in ../shared/data or set XIEZHI_SHARED_DATA")
    if item.get_closest_marker("checkout") and not (ROOT / "Makefile").exists():
        pytest.skip("needs a checkout")
    if item.get_closest_marker("spark") and not shutil.which("java"):
        missing("services", "no Java: install a Java 17 runtime for Spark")


@pytest.fixture
def unavailable() -> Callable[[str, str], NoReturn]:
    """`unavailable("services" | "data", "what to install")`: skips, or fails under XIEZHI_REQUIRE."""
    return missing


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared examples (`examples/`, `region/`, `nhsa_points/`, ...)."""
    folder = find_shared_data()
    if folder is None:
        missing("data", "no shared examples: put them in ../shared/data or set XIEZHI_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout; use with the mark `checkout`."""
    return ROOT


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person who runs the tests leaks into them."""
    for name in list(os.environ):
        if name.startswith("XIEZHI_") and name not in KEPT and not name.startswith("XIEZHI_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty XIEZHI_HOME of this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("XIEZHI_HOME", str(folder))
    return folder


@dataclass(frozen=True)
class Run:
    """One run of the command line."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """`run_cli("rules", "check", path)` runs the program in this process and returns exit code, stdout and stderr."""
    from xiezhi.cli import main

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["xiezhi", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run

"""Runs the other commands by their entry points, so that the demonstration is what a user would type."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from pipelines.demo.accounts import ROLES, scope_arguments
from pipelines.demo.steps import CHAIN, Step
from pipelines.detection_score import SchemeScore, TouchShare, score, touching
from xiezhi.cli import entry_points, load_command
from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.settings import load_settings

Say = Callable[[str], None]
OTHERS = ("XIEZHI_DATABASE_URL", "XIEZHI_KAFKA", "XIEZHI_TOPIC_PREFIX", "XIEZHI_MLFLOW")
"""Settings by which the demonstration would reach the user's own data."""


@dataclass
class Demonstration:
    """What is asked, what each step reported, its seconds, and the score against the truth."""

    home: Path
    persons: int
    months: int
    seed: int
    wanted_day: date | None = None
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)
    schemes: list[SchemeScore] = field(default_factory=list)
    touching: list[TouchShare] = field(default_factory=list)

    @property
    def tables(self) -> Path:
        """Folder of the simulated tables."""
        return self.home / "tables"

    @property
    def truth(self) -> Path:
        """Folder of the injected truth, which only the score at the very end reads."""
        return self.home / "truth"

    @property
    def findings(self) -> Path:
        """File of the sweep's findings."""
        return self.home / "findings.parquet"

    @property
    def peak_mb(self) -> int:
        """The most memory this process held, in MB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    @cached_property
    def day(self) -> date:
        """The day of settlement that is replayed: the one asked for, else the last one (a simulated region ends with a whole day).

        Raises:
            UsageError: nothing was settled on the day asked for.
        """
        file = str(self.tables / "setl_d.parquet")
        days = [
            row[0] for row in duckdb.execute("SELECT DISTINCT CAST(setl_time AS DATE) FROM read_parquet(?) ORDER BY 1", [file]).fetchall()
        ]
        if self.wanted_day is not None and self.wanted_day not in days:
            raise UsageError.of(f"nothing was settled on {self.wanted_day}", accepted=f"--day from {days[0]} to {days[-1]}")
        return self.wanted_day or days[-1]

    @property
    def institution(self) -> str:
        """The institution of the case with the highest priority; where there is no case, the first of the region."""
        if rows := self.steps["cases.list"]["cases"]:
            return str(rows[0]["institution_code"])
        file = str(self.tables / "medins_d.parquet")
        return str(duckdb.execute("SELECT min(fixmedins_code) FROM read_parquet(?)", [file]).fetchall()[0][0])


@contextlib.contextmanager
def apart(home: Path) -> Iterator[None]:
    """Everything inside runs on `home` with its own SQLite and embedded log, and with the rule base of the settings.

    A database server, Kafka or a settings file that the user has are neither read nor written.
    """
    before = dict(os.environ)
    rules_dir = load_settings().rules_dir
    for name in OTHERS:
        os.environ.pop(name, None)
    os.environ |= {"XIEZHI_HOME": str(home), "XIEZHI_RULES_DIR": str(rules_dir), "XIEZHI_CONFIG": str(home / "xiezhi.toml")}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def command(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run a command in this process with `--json` and return its document; other output goes where it always goes.

    Raises:
        XiezhiError: the command failed (exit code 2 or 3) or printed no document.
    """
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = load_command(entry_points()[name]).main([*arguments, "--json"], prog_name=f"xiezhi {name}", standalone_mode=False) or 0
    text = out.getvalue().strip()
    if code not in (0, 1) or not text:
        raise XiezhiError.of(f"xiezhi {name} ended with code {code}", accepted="0 or 1 and a JSON document")
    return dict(json.loads(text))


def demonstrate(
    home: Path,
    *,
    persons: int,
    months: int,
    seed: int,
    say: Say,
    day: date | None = None,
    password: str | None = None,
    chain: Sequence[Step] = CHAIN,
) -> Demonstration:
    """Run the chain; the truth is read at the very end, by the score alone.

    Everything is written below `home`, which replaces that of an earlier demonstration; the user's own data are not touched.

    Args:
        home: `XIEZHI_HOME` of the steps, set by the caller (`apart`).
        persons: insured persons.
        months: months of service.
        seed: the only source of chance.
        say: called with the label of each step before it begins.
        day: day of settlement that goes through the stream (default: the last one).
        password: of the demo users; None makes no users.
        chain: the steps, which must hold `simulate` and `sweep`.
    """
    shutil.rmtree(home, ignore_errors=True)
    demo = Demonstration(home, persons, months, seed, day)
    for step in chain:
        say(step.label)
        with _timed(demo, step.command):
            demo.steps[step.command] = command(step.command, step.arguments(demo))
    if password is not None:
        say("演示账号 demo users")
        with _timed(demo, "user.add"):
            for role in ROLES:
                arguments = [role.value, "--role", role.value, "--password", password, *scope_arguments(role, demo.institution)]
                demo.accounts.append(command("user.add", arguments)["username"])
    say("对照真相 detection against the truth")
    with _timed(demo, "detection"):
        import pyarrow.parquet as pq

        found = pq.read_table(demo.findings)
        demo.schemes, demo.touching = score(found, demo.truth), touching(found, demo.truth)
    return demo


@contextlib.contextmanager
def _timed(demo: Demonstration, name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    demo.seconds[name] = time.perf_counter() - start

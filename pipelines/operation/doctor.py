"""What is in use, whether it answers, and how to start it."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xiezhi.domain.errors import XiezhiError
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore

OK, ABSENT, UNREACHABLE, WRONG = "ok", "absent", "unreachable", "wrong"
"""States of a check: fine; not there and not needed; needed and silent; there but not right."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `todo` says how to start or mend it."""

    name: str
    used: str
    state: str
    detail: str = ""
    todo: str = ""


def examine(settings: Settings) -> list[Check]:
    """Look at everything; nothing is written or created."""
    return [_home(settings.home), _rules(settings.rules_dir), _claims(settings.home), database(settings), kafka(settings), *_extras()]


def database(settings: Settings) -> Check:
    """The database of cases, users and the audit log."""
    from xiezhi.storage.sql.database import Database
    from xiezhi.storage.sql.migrate import current, head

    address = settings.database
    name, path = "database", address.removeprefix("sqlite:///")
    if address.startswith("sqlite:///") and not Path(path).exists():
        return Check(name, address, ABSENT, "made when the first case is opened", "xiezhi db upgrade")
    shown = address.partition(":")[0]
    try:
        opened = Database(address)
        shown = opened.shown
        opened.ping()
        found = current(opened)
    except XiezhiError as error:
        state = UNREACHABLE if error.exit_code == 3 else WRONG
        return Check(name, shown, state, error.problems[0].what, error.problems[0].todo or error.problems[0].accepted)
    if found != head():
        return Check(name, shown, WRONG, f"schema {found or 'none'}, this program needs {head()}", "xiezhi db upgrade")
    return Check(name, shown, OK, f"schema {found}")


def kafka(settings: Settings) -> Check:
    """The event log: Kafka where it is set, else the embedded one."""
    if not settings.kafka:
        return Check("event log", "embedded", OK, "set XIEZHI_KAFKA to use Kafka")
    silent = []
    for server in settings.kafka.split(","):
        host, _, port = server.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
        except OSError as error:
            silent.append(f"{server}: {error}")
    if len(silent) == len(settings.kafka.split(",")):
        todo = "start Kafka (bin/kafka-server-start.sh config/server.properties) or unset XIEZHI_KAFKA to use the embedded log"
        return Check("event log", settings.kafka, UNREACHABLE, "; ".join(silent), todo)
    return Check("event log", settings.kafka, OK, "; ".join(silent))


def _home(home: Path) -> Check:
    parent = next(each for each in (home.absolute(), *home.absolute().parents) if each.exists())
    if not os.access(parent, os.W_OK):
        return Check("home", str(home), WRONG, f"{parent} cannot be written to", "set XIEZHI_HOME to a folder of yours")
    free = shutil.disk_usage(parent).free // 2**30
    return Check("home", str(home), OK, f"{free} GB free")


def _rules(folder: Path) -> Check:
    from xiezhi.ruleset.credit_scheme import load_scheme
    from xiezhi.ruleset.loader import load_rules

    try:
        base = load_rules(folder)
        scheme = load_scheme(folder)
    except XiezhiError as error:
        return Check("rules", str(folder), WRONG, str(error.problems[0]), "xiezhi rules check")
    return Check("rules", str(folder), OK, f"{len(base.active)} active, version {base.version}; credit scheme {scheme.name} {scheme.hash}")


def _claims(home: Path) -> Check:
    versions = DeltaStore.of_home(home).versions()
    if "fee_list_d" not in versions:
        return Check("claim store", "Delta Lake", ABSENT, "no claims are stored yet", "xiezhi ingest PATH…")
    return Check("claim store", "Delta Lake", OK, f"{len(versions)} tables")


def _extras() -> list[Check]:
    """Optional parts that are installed or not; none is needed for the embedded program."""
    wanted = {"postgres": "psycopg", "redis": "redis", "spark": "pyspark"}
    found = [
        Check(extra, module, OK if find_spec(module) else ABSENT, "", "" if find_spec(module) else f"pip install 'xiezhi[{extra}]'")
        for extra, module in wanted.items()
    ]
    if find_spec("pyspark") and not shutil.which("java"):
        found.append(Check("java", "for Spark", ABSENT, "", "install a Java 17 runtime"))
    return found

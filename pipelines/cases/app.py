"""Joins settings, database, rating scheme and services for the commands about cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pipelines.sweep.counted import counted_lines
from xiezhi.domain.actor import SYSTEM, Actor
from xiezhi.domain.credit import Scheme
from xiezhi.domain.errors import UsageError
from xiezhi.ruleset.credit_scheme import load_scheme
from xiezhi.ruleset.loader import load_rules
from xiezhi.services.open_cases import Opened, case_findings, open_cases
from xiezhi.services.signals import apply_signals
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.findings import FindingStore
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.migrate import open_database
from xiezhi.storage.sql.signals import SqlSignalStore
from xiezhi.storage.sql.users import authenticate, find_user


@dataclass(frozen=True)
class Desk:
    """What a command about cases works with."""

    settings: Settings
    database: Database
    store: SqlCaseStore
    scheme: Scheme

    @classmethod
    def of(cls, settings: Settings) -> Desk:
        """The desk of these settings.

        Raises:
            ServiceUnreachable: the database does not answer.
            UsageError: its tables are older than this program.
        """
        database = open_database(settings.database)
        return cls(settings, database, SqlCaseStore(database), load_scheme(settings.rules_dir))

    def reader(self, username: str | None) -> Actor:
        """Who reads: an account, which bounds the view, or the operator of this machine."""
        return find_user(self.database, username).actor if username else SYSTEM

    def signed_in(self, username: str, password: str, at: datetime) -> Actor:
        """The account that decides; raises `UsageError` where name and password do not fit."""
        actor = authenticate(self.database, username, password, at)
        if actor is None:
            raise UsageError.of(f"user {username} and password do not fit, or the account rests after too many failures")
        return actor


def own_folders(ids: dict[str, str]) -> dict[str, str]:
    """Folder of each own rule inside the catalogue (`own/inventory`) from the paths of their files."""
    return {rule: "/".join(path.replace("\\", "/").split("/")[-3:-1]) for rule, path in ids.items()}


def open_stored(desk: Desk, *, as_of: date, at: datetime) -> Opened:
    """Bring the cases up to the stored findings, and their age, signals and exploration up to `as_of`.

    Raises:
        UsageError: no claims are stored yet.
    """
    store = DeltaStore.of_home(desk.settings.home)
    if "fee_list_d" not in store.versions():
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…, then xiezhi sweep")
    base = load_rules(desk.settings.rules_dir)
    with open_facts(store, threads=desk.settings.threads) as con:
        findings = list(FindingStore(store, con).current().values())
        counted = counted_lines(con, [finding for finding in findings if finding.status == "open"], base.rules)
    folders = own_folders({rule.id: str(rule.path) for rule in base.rules.values() if rule.class_no is None})
    done = open_cases(desk.store, desk.scheme, case_findings(findings, counted, folders), as_of=as_of, at=at)
    apply_signals(desk.store, SqlSignalStore(desk.database), as_of, at, desk.scheme.exploration)
    return done

"""What the pages work with: database, claim store, rules, rating scheme, sessions, templates."""

from __future__ import annotations

from dataclasses import dataclass, field

from supervision_ui.sessions import Sessions
from xiezhi.domain.credit import Scheme
from xiezhi.ruleset.credit_scheme import load_scheme
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.migrate import open_database


@dataclass(frozen=True)
class Desk:
    """Everything that lives as long as the server."""

    settings: Settings
    database: Database
    store: SqlCaseStore
    scheme: Scheme
    rules: RuleBase
    claims: DeltaStore
    sessions: Sessions = field(default_factory=Sessions)

    @classmethod
    def of(cls, settings: Settings) -> Desk:
        """The desk of these settings; a new SQLite file gets its tables at once.

        Raises:
            ServiceUnreachable: the database does not answer.
            UsageError: its tables are older than this program.
        """
        database = open_database(settings.database)
        rules = load_rules(settings.rules_dir)
        claims = DeltaStore.of_home(settings.home)
        return cls(settings, database, SqlCaseStore(database), load_scheme(settings.rules_dir), rules, claims)

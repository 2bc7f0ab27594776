"""Accounts: password hashes (argon2id), roles, and what their organisation may see.

A wrong name costs as much time as a wrong password; after five failures an account rests for fifteen minutes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, insert, select, update

from xiezhi.domain.actor import Actor, Role, Scope
from xiezhi.domain.errors import UsageError
from xiezhi.storage.sql import audit_log
from xiezhi.storage.sql.asking import rows
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.models import users

FAILURES, REST = 5, timedelta(minutes=15)
LEAST_PASSWORD = 10
"""Characters of the shortest password."""
_HASHER = PasswordHasher()
# What a wrong name is checked against, made with the same cost as a real one.
_NOBODY = _HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class User:
    """An account as it is listed; the password's hash is not part of it."""

    username: str
    role: Role
    scope: Scope
    active: bool
    locked_until: datetime | None
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """Who acts when this account does."""
        return Actor(self.username, self.role, self.scope)


def add_user(database: Database, by: Actor, username: str, password: str, role: Role, scope: Scope, at: datetime) -> User:
    """Make an account.

    Raises:
        UsageError: the name is taken or malformed, the password too short, the role the program's own.
    """
    if not username.replace("-", "").replace("_", "").replace(".", "").isalnum() or len(username) > 64:
        raise UsageError.of(f"username {username!r}", accepted="letters, digits, - _ . (at most 64)")
    if len(password) < LEAST_PASSWORD:
        raise UsageError.of("the password is too short", accepted=f"at least {LEAST_PASSWORD} characters")
    if role is Role.SYSTEM or username == "system":
        raise UsageError.of(
            "the program's own account cannot be made", accepted=", ".join(each.value for each in Role if each is not Role.SYSTEM)
        )
    row: dict[str, Any] = {
        "username": username,
        "password_hash": _HASHER.hash(password),
        "role": role.value,
        "everything": scope.everything,
        "regions": json.dumps(sorted(scope.regions)),
        "institutions": json.dumps(sorted(scope.institutions)),
        "active": True,
        "failures": 0,
        "locked_until": None,
        "created_at": at,
    }
    with database.write() as connection:
        if _row(connection, username) is not None:
            raise UsageError.of(f"there is a user {username} already", accepted="another name")
        connection.execute(insert(users), row)
        shown = {
            "role": role.value,
            "everything": scope.everything,
            "regions": sorted(scope.regions),
            "institutions": sorted(scope.institutions),
        }
        audit_log.append(connection, by, [("user.added", username, shown)], at)
    return _user(row)


def list_users(database: Database) -> list[User]:
    """All accounts by name."""
    with database.read() as connection:
        return [_user(row) for row in rows(connection, select(users).order_by(users.c.username))]


def find_user(database: Database, username: str) -> User:
    """An account by name; raises `UsageError` where there is none or it is switched off."""
    with database.read() as connection:
        row = _row(connection, username)
    if row is None or not row["active"]:
        raise UsageError.of(f"no user {username}", accepted="a name of `xiezhi user list`")
    return _user(row)


def authenticate(database: Database, username: str, password: str, at: datetime) -> Actor | None:
    """The actor behind a name and password; None where they do not fit or the account rests. Every attempt is in the audit log."""
    with database.read() as connection:
        row = _row(connection, username)
    # The hash is computed outside the write transaction: it takes a fraction of a second and would hold up every writer.
    fits = _fits(row["password_hash"] if row is not None else _NOBODY, password)
    with database.write() as connection:
        row = _row(connection, username)
        if row is None or not row["active"]:
            audit_log.append(connection, _someone(username), [("login.refused", username[:64], {"why": "unknown"})], at)
            return None
        user = _user(row)
        if row["locked_until"] is not None and at < row["locked_until"]:
            audit_log.append(connection, _someone(username), [("login.refused", username, {"why": "locked"})], at)
            return None
        mine = update(users).where(users.c.username == username)
        if not fits:
            failures = row["failures"] + 1
            locked = at + REST if failures >= FAILURES else None
            connection.execute(mine.values(failures=0 if locked else failures, locked_until=locked))
            audit_log.append(
                connection, _someone(username), [("login.refused", username, {"why": "password", "locked": locked is not None})], at
            )
            return None
        changes: dict[str, Any] = {"failures": 0, "locked_until": None}
        if _HASHER.check_needs_rehash(row["password_hash"]):
            changes["password_hash"] = _HASHER.hash(password)
        connection.execute(mine.values(**changes))
        audit_log.append(connection, user.actor, [("login", username, {})], at)
        return user.actor


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _someone(username: str) -> Actor:
    return Actor(username[:64], Role.SYSTEM, Scope.of())


def _row(connection: Connection, username: str) -> dict[str, Any] | None:
    found = connection.execute(select(users).where(users.c.username == username)).mappings().first()
    return None if found is None else {str(name): value for name, value in found.items()}


def _user(row: dict[str, Any]) -> User:
    scope = Scope(row["everything"], frozenset(json.loads(row["regions"])), frozenset(json.loads(row["institutions"])))
    return User(row["username"], Role(row["role"]), scope, row["active"], row["locked_until"], row["created_at"])

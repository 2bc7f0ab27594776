"""Sessions of signed-in people: a random token in a cookie, its hash in memory, gone after half an hour without a request.

A restart of the server signs everybody out, and one process serves; both are right for one office and keep tokens off the disk.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
MOST = 10_000
"""Sessions kept at once; the oldest go first."""


@dataclass
class Session:
    """One signed-in person; `notice` is shown once on the next page."""

    username: str
    csrf: str
    began: datetime
    seen: datetime
    notice: list[str] = field(default_factory=list[str])

    def take_notice(self) -> list[str]:
        """What the last action wants said; told once."""
        told, self.notice = self.notice, []
        return told


class Sessions:
    """All sessions of this process; safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, username: str, at: datetime) -> str:
        """A new session; returns the token for the cookie."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._known) >= MOST:
                self._known.pop(next(iter(self._known)))
            self._known[_hash(token)] = Session(username, secrets.token_urlsafe(32), at, at)
        return token

    def find(self, token: str, at: datetime) -> Session | None:
        """The session behind a token; None where there is none or it ran out."""
        key = _hash(token)
        with self._lock:
            found = self._known.get(key)
            if found is not None and (at - found.seen > IDLE or at - found.began > LONGEST):
                del self._known[key]
                return None
            if found is not None:
                found.seen = at
            return found

    def end(self, token: str) -> None:
        """Forget a session."""
        with self._lock:
            self._known.pop(_hash(token), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

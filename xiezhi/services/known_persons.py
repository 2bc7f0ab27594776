"""What is stored of persons, kept between their claims: a visit asks about one person several times, and each time only a little is new.

Kept facts are used only where the history says by its stamp that nothing they are made of has changed since. A history without stamps
is read for every claim.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from xiezhi.domain.netting_parts import Parts
from xiezhi.log import get_logger
from xiezhi.ports import HistoryStore, StampedHistory
from xiezhi.services.screen_claim import Known, known_of

log = get_logger("screen")
KEPT_LINES = 200_000
"""Fee lines of all kept persons together; about four kilobytes each."""


class KnownPersons:
    """Reads persons from a history and keeps the latest; safe to use from several threads.

    Args:
        history: where persons are stored, or None.
        lines: how many fee lines are kept; the persons asked for longest ago are let go first.
    """

    def __init__(self, history: HistoryStore | None, lines: int = KEPT_LINES) -> None:
        self._history, self._limit = history, lines
        self._stamped = history if isinstance(history, StampedHistory) else None
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[bytes, Known]] = OrderedDict()
        self._lines = 0

    def kept(self, person: str) -> Known | None:
        """What is kept of a person and still holds, in microseconds; None where it must be read; raises what the history raises."""
        if self._stamped is None:
            return None
        with self._lock:
            found = self._kept.get(person)
        if found is None or self._stamped.stamp(person) != found[0]:
            return None
        with self._lock:
            if person in self._kept:
                self._kept.move_to_end(person)
        return Known(found[1].raw, self._stamped.lookups(), parts=found[1].parts)

    def read(self, person: str) -> Known:
        """What is stored of a person now; raises what the history raises."""
        if self._stamped is None:
            return known_of(self._history, person)
        stamp = self._stamped.stamp(person)  # before the rows: at worst they are newer than their stamp, and are read again
        known = known_of(self._stamped, person)
        if known.raw is None:
            return known
        try:
            known = Known(known.raw, known.lookups, parts=Parts(known.raw, known.lookups))
        except Exception as error:  # whoever screens the claim says so in the answer
            log.error("stored rows not usable", error=type(error).__name__)
            return known
        self._keep(person, stamp, known)
        return known

    def _keep(self, person: str, stamp: bytes, known: Known) -> None:
        with self._lock:
            self._drop(person)
            self._kept[person] = (stamp, known)
            self._lines += _size(known)
            while self._lines > self._limit:
                self._drop(next(iter(self._kept)))

    def _drop(self, person: str) -> None:
        _, known = self._kept.pop(person, (b"", Known()))
        self._lines -= _size(known)


def _size(known: Known) -> int:
    return 0 if known.raw is None else max(1, len(known.raw.lines))

"""The other rows of one person (trace code) as related features ask for them, each looked up once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from xiezhi.domain.facts import INPATIENT, AnyFacts, Encounter, Line, PersonFacts, Sale
from xiezhi.ruleset.features import CODED
from xiezhi.ruleset.points import JudgedPoint
from xiezhi.ruleset.python_rule import Candidate


def order_of(row: Any) -> tuple[int, str, str]:
    """The place of a row in the order of semantics.md 2: time (missing first), institution, id."""
    time = getattr(row, "time", None)
    if time is None:
        time = getattr(row, "begin_time", None)
    return (-1 if time is None else time, row.institution, getattr(row, "id", ""))


class Partition:
    """Partner lines by point, stays, sales and diagnoses."""

    def __init__(self, facts: AnyFacts) -> None:
        self.facts = facts
        self._by_item: dict[str, list[Line]] | None = None
        self._partners: dict[tuple[JudgedPoint, str], list[Line]] = {}
        self._diagnosed: dict[tuple[JudgedPoint, str, str], bool | None] = {}
        self._stays: list[Encounter] | None = None
        self._sales: list[Sale] | None = None

    def partners(self, point: JudgedPoint | None, role: str) -> Sequence[Line]:
        """Live lines whose item stands in a role of the point, in order."""
        if point is None or not isinstance(self.facts, PersonFacts):
            return ()
        key = (point, role)
        if key not in self._partners:
            if self._by_item is None:
                self._by_item = defaultdict(list)
                for line in self.facts.lines:
                    if line.live:
                        self._by_item[line.item].append(line)
            codes, prefixes = point.codes.get(role, frozenset()), point.prefixes.get(role) or ()
            items = [item for item in self._by_item if item in codes or (prefixes and item.startswith(prefixes))]
            found = [line for item in items for line in self._by_item[item]]
            self._partners[key] = found if len(items) < 2 else sorted(found, key=order_of)
        return self._partners[key]

    @property
    def stays(self) -> Sequence[Encounter]:
        """Inpatient encounters with live lines, in order."""
        if self._stays is None:
            stays = self.facts.encounters if isinstance(self.facts, PersonFacts) else ()
            self._stays = sorted((stay for stay in stays if stay.live and stay.kind == INPATIENT), key=order_of)
        return self._stays

    @property
    def sales(self) -> Sequence[Sale]:
        """Sales of the trace code, in order."""
        if self._sales is None:
            self._sales = [] if isinstance(self.facts, PersonFacts) else sorted(self.facts.sales, key=order_of)
        return self._sales

    def unlisted(self, candidates: Sequence[Candidate]) -> Sequence[Line]:
        """Live lines that are no candidates of the rule, in order."""
        if not isinstance(self.facts, PersonFacts):
            return ()
        own = {(candidate[0].institution, candidate[0].id) for candidate in candidates}
        return [line for line in self.facts.lines if line.live and (line.institution, line.id) not in own]

    def coded(self, candidate: Candidate, of: str, role: str) -> bool | None:
        """Whether a code of the row, or a diagnosis of its encounter, stands in a role of the point; unknown without codes."""
        point = candidate[1]
        if point is None or not isinstance(self.facts, PersonFacts):
            return None
        if CODED[of]:
            code = getattr(candidate[0], CODED[of])
            return None if code is None or not point.codes.get(role) else point.covers(role, code)
        encounter = str(getattr(candidate[0], "encounter", None) or getattr(candidate[0], "id", ""))
        key = (point, role, encounter)
        if key not in self._diagnosed:
            codes, have = point.codes.get(role), self.facts.diagnoses.get(encounter)
            prefixes = point.prefixes.get(role) or ()
            self._diagnosed[key] = (
                None
                if not codes or not have
                else not codes.isdisjoint(have) or (bool(prefixes) and any(c.startswith(prefixes) for c in have))
            )
        return self._diagnosed[key]

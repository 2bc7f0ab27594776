"""Windowed and related features: the named, typed nodes a rule may lean on, each with its declared reach.

Two kinds cover every shape of the rule base:

- `Window`: an aggregate over the rule's *own candidate rows* (for rules with knowledge: of the same point) that share
  a scope with the row at hand: `{sum: line.quantity, in: day, per: [item]}`, `{distinct: line.date, in: course(14)}`.
- `Related`: an aggregate over *other rows*: the partner lines of the point (`partner(b)`), the rule's other candidates
  (`lines`), the stays of the person (`stays`), the diagnoses of the encounter (`diagnosis(b)`), sales of a trace code
  (`sales`): `{exists: partner(a), in: point.window}`, `{max: other.use_end, of: lines, same: [substance], if: …}`.

Definitions are those of semantics.md 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xiezhi.ruleset.expr import Expr
from xiezhi.ruleset.types import Type


class ScopeKind(StrEnum):
    """The closed list of scopes. `WINDOW` reads the scope from the point (`day`, `encounter`, `hour`, `hours`)."""

    PRESCRIPTION = "prescription"
    HOUR = "hour"
    HOURS = "hours"
    DAY = "day"
    ENCOUNTER = "encounter"
    MONTH = "month"
    YEAR = "year"
    ROLLING = "rolling"
    COURSE = "course"
    ALL = "all"
    WINDOW = "point.window"
    PER = "point.per"


LOCAL_SCOPES = frozenset({ScopeKind.PRESCRIPTION, ScopeKind.HOUR, ScopeKind.HOURS, ScopeKind.DAY, ScopeKind.ENCOUNTER, ScopeKind.WINDOW})
"""Scopes that are per person *and institution*; the others are per person, over institutions (semantics.md 2)."""

SCOPE_KEYS: dict[ScopeKind, str] = {
    ScopeKind.PRESCRIPTION: "prescription",
    ScopeKind.HOUR: "hour",
    ScopeKind.DAY: "date",
    ScopeKind.ENCOUNTER: "encounter",
    ScopeKind.MONTH: "month",
    ScopeKind.YEAR: "year",
}
"""The column that names the instance of a scope."""

POINT_SCOPES: dict[str, ScopeKind] = {
    "day": ScopeKind.DAY,
    "calendar_day": ScopeKind.DAY,
    "encounter": ScopeKind.ENCOUNTER,
    "hour": ScopeKind.HOUR,
    "hours": ScopeKind.HOURS,
    "year": ScopeKind.YEAR,
}
"""`point.window` and `point.per` to the scope they name."""


@dataclass(frozen=True)
class Scope:
    """A scope and, for `rolling`, `hours` and `course`, its size (days, hours, gap days)."""

    kind: ScopeKind
    size: Expr | None = None


@dataclass(frozen=True)
class Window:
    """An aggregate over the rule's own candidates in one scope.

    Attributes:
        how: sum | count | distinct | max | min | first.
        value: what is aggregated (None for count).
        scope: which rows belong together; person (and institution, for local scopes) and point always do.
        per: further columns that must be equal.
        running: up to and including the row at hand (else the whole scope).
        order: for `first`: expressions and whether descending; ties by the order of semantics.md 2.
        type: type of the result.
    """

    how: str
    value: Expr | None
    scope: Scope
    per: tuple[str, ...]
    running: bool
    order: tuple[tuple[Expr, bool], ...]
    type: Type


@dataclass(frozen=True)
class Related:
    """An aggregate over other rows of the same person (or trace code).

    Attributes:
        how: exists | count | max | min.
        value: expression over `other.*` (None for exists and count).
        of: partner | lines | unlisted | stays | sales, or a source of codes: diagnosis | disease | department.
        role: role of the point's codes, for partner and the sources of codes.
        scope: rows must share this scope (None: none).
        same: further columns that must be equal.
        earlier: only rows before this one in the order of semantics.md 2.
        condition: three-valued condition over the row and `other.*`.
        type: type of the result.
    """

    how: str
    value: Expr | None
    of: str
    role: str
    scope: Scope | None
    same: tuple[str, ...]
    earlier: bool
    condition: Expr | None
    type: Type


CODED = {"diagnosis": "", "disease": "disease", "department": "department"}
"""Sources of codes that stand in a role of the point or do not, with the column of the row (diagnoses: a set of their own)."""

FeatureNode = Window | Related

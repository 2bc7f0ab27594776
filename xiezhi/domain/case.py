"""A case: doubtful points of one stay, or of one institution and theme, that people judge line by line.

The life of a case is the table `TRANSITIONS` and nothing else: what is not in it is refused. The states follow the usual order of first
review, decision and re-review; appeals and the panel are further rows of the same table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from xiezhi.domain.actor import Role
from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.domain.finding import Finding
from xiezhi.domain.priority import Factors
from xiezhi.domain.rule_classes import RULE_CLASSES


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What moves a case; the last four are the program's."""

    TAKE = "take"
    RELEASE = "release"
    DECIDE = "decide"
    REOPEN = "reopen"
    CLOSE = "close"
    JOIN = "join"
    WITHDRAW = "withdraw"
    REVIVE = "revive"


_JUDGES = frozenset({Role.INSPECTOR, Role.REVIEWER, Role.SUPERVISOR})
_SENIOR = frozenset({Role.REVIEWER, Role.SUPERVISOR})
_PROGRAM = frozenset({Role.SYSTEM})
_CLOSERS = _JUDGES | _PROGRAM

TRANSITIONS: Mapping[tuple[State, Action], tuple[State, frozenset[Role]]] = MappingProxyType(
    {
        (State.OPEN, Action.TAKE): (State.IN_REVIEW, _JUDGES),
        (State.REOPENED, Action.TAKE): (State.IN_REVIEW, _JUDGES),
        (State.IN_REVIEW, Action.RELEASE): (State.OPEN, _JUDGES),
        (State.OPEN, Action.DECIDE): (State.IN_REVIEW, _JUDGES),
        (State.REOPENED, Action.DECIDE): (State.IN_REVIEW, _JUDGES),
        (State.IN_REVIEW, Action.DECIDE): (State.IN_REVIEW, _JUDGES),
        (State.IN_REVIEW, Action.CLOSE): (State.CLOSED, _CLOSERS),
        (State.REOPENED, Action.CLOSE): (State.CLOSED, _PROGRAM),
        (State.OPEN, Action.CLOSE): (State.CLOSED, _PROGRAM),
        (State.CLOSED, Action.REOPEN): (State.REOPENED, _SENIOR),
        (State.CLOSED, Action.JOIN): (State.REOPENED, _PROGRAM),
        (State.OPEN, Action.WITHDRAW): (State.WITHDRAWN, _PROGRAM),
        (State.IN_REVIEW, Action.WITHDRAW): (State.WITHDRAWN, _PROGRAM),
        (State.REOPENED, Action.WITHDRAW): (State.WITHDRAWN, _PROGRAM),
        (State.WITHDRAWN, Action.REVIVE): (State.OPEN, _PROGRAM),
    }
)
"""(state, action) to the next state and who may do it."""


class Decision(StrEnum):
    """What a person found about a line."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a line was decided as it was."""

    decision: Decision
    zh: str
    en: str


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "as_found": Reason(Decision.CONFIRMED, "与疑点一致", "as the doubtful point says"),
        "records_checked": Reason(Decision.CONFIRMED, "已核对病历", "confirmed by the medical record"),
        "admitted": Reason(Decision.CONFIRMED, "机构认可", "accepted by the institution"),
        "fraud": Reason(Decision.CONFIRMED, "查实欺诈骗保", "fraud established"),
        "policy_exception": Reason(Decision.REFUTED, "政策例外", "policy exception"),
        "data_mapping": Reason(Decision.REFUTED, "数据或编码对应错误", "data or mapping error"),
        "emergency": Reason(Decision.REFUTED, "急诊抢救", "emergency or rescue"),
        "special_approval": Reason(Decision.REFUTED, "特例单议", "special case approved"),
        "clinical_evidence": Reason(Decision.REFUTED, "临床证据支持", "clinical evidence"),
        "rule_wrong": Reason(Decision.REFUTED, "规则有误", "the rule is wrong"),
        "point_superseded": Reason(Decision.REFUTED, "知识点已更新", "knowledge point superseded"),
        "records_missing": Reason(Decision.INCONCLUSIVE, "资料不足", "records missing"),
        "expert_needed": Reason(Decision.INCONCLUSIVE, "需专家合议", "needs an expert panel"),
    }
)
"""Reason codes; each belongs to one decision."""


class Outcome(StrEnum):
    """The result of a closed case."""

    CONFIRMED = "confirmed"
    PARTLY = "partly_confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


class Conflict(XiezhiError):
    """The case changed since the person read it; nothing was written."""


LineId = tuple[str, str]
"""Finding and fee line; the fee line is empty where the finding has none (a stay, a stock balance, an indicator)."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One fee line of one finding inside a case, or the finding itself where it has no lines.

    `part_fen` is what the finding claims of the line, `counted_fen` what is left of it when all money is counted once over the store.
    A line whose finding no longer holds is kept with `present` false if someone had decided it, else dropped.
    `simulated` says that the decision came from the simulated panel of a demonstration, `sample` how that panel chose the case.
    """

    finding_id: str
    line_id: str
    revision: int
    rule_id: str
    verdict: str
    practitioner_code: str | None
    service_date: date
    part_fen: int
    counted_fen: int
    present: bool = True
    decision: Decision | None = None
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    simulated: bool = False
    sample: str = ""

    @property
    def key(self) -> LineId:
        """Identity of the line inside its case."""
        return self.finding_id, self.line_id


@dataclass(frozen=True, slots=True)
class CaseKey:
    """What a case is about; the same findings always lead to the same case."""

    kind: str
    institution_code: str
    encounter_id: str | None
    theme: str

    @property
    def case_id(self) -> str:
        """Deterministic identity."""
        text = "\x1f".join((self.kind, self.institution_code, self.encounter_id or "", self.theme if self.kind == "theme" else ""))
        return "C" + hashlib.sha256(text.encode()).hexdigest()[:19]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored. `version` grows with every change and guards against deciding on a stale page; `barred` may not decide it again."""

    case_id: str
    key: CaseKey
    person_id: str | None
    state: State
    version: int
    lines: tuple[CaseLine, ...]
    factors: Factors
    opened_at: datetime
    touched: bool = False
    assigned_to: str = ""
    outcome: Outcome | None = None
    barred: tuple[str, ...] = ()

    @property
    def present(self) -> tuple[CaseLine, ...]:
        """Lines that still hold."""
        return tuple(line for line in self.lines if line.present)

    @property
    def undecided(self) -> tuple[CaseLine, ...]:
        """Lines that still hold and that nobody decided."""
        return tuple(line for line in self.lines if line.present and line.decision is None)

    @property
    def amount_fen(self) -> int:
        """Money at stake, every fee line's once."""
        return sum(line.counted_fen for line in self.present)

    @property
    def confirmed_fen(self) -> int:
        """Money confirmed, every fee line's once."""
        return sum(confirmed_amounts(self.lines).values())


def theme_of(class_no: int | None, folder: str = "") -> str:
    """Tier and group of a rule's class; for our own rules their folder; `other` where neither is known.

    >>> theme_of(43), theme_of(None, "own/inventory"), theme_of(None)
    ('管理/药品', 'own/inventory', 'other')
    """
    if class_no is not None:
        found = RULE_CLASSES[class_no]
        return f"{found.tier}/{found.group}"
    return folder or "other"


def case_key(finding: Finding, folder: str = "") -> CaseKey:
    """The case that a finding belongs to: its encounter, else its institution and theme.

    `folder` is the folder of an own rule (`own/inventory`). The theme of an encounter's case is not part of its identity.
    """
    if finding.encounter_id:
        return CaseKey("encounter", finding.institution_code, finding.encounter_id, "")
    return CaseKey("theme", finding.institution_code, None, theme_of(finding.class_no, folder))


def move(state: State, action: Action, role: Role) -> State:
    """The next state.

    Raises:
        UsageError: the table has no such move, or the role may not make it.
    """
    found = TRANSITIONS.get((state, action))
    if found is None:
        accepted = ", ".join(sorted(each.value for at, each in TRANSITIONS if at is state))
        raise UsageError.of(f"a case that is {state.value} cannot {action.value}", accepted=accepted)
    if role not in found[1]:
        raise UsageError.of(f"role {role.value} may not {action.value} a case", accepted=", ".join(sorted(each.value for each in found[1])))
    return found[0]


def outcome_of(lines: Iterable[CaseLine]) -> Outcome | None:
    """The outcome of lines that still hold; None while one of them is undecided or there is none."""
    decisions = [line.decision for line in lines if line.present]
    if not decisions or None in decisions:
        return None
    if all(each is Decision.CONFIRMED for each in decisions):
        return Outcome.CONFIRMED
    if Decision.CONFIRMED in decisions:
        return Outcome.PARTLY
    return Outcome.REFUTED if all(each is Decision.REFUTED for each in decisions) else Outcome.INCONCLUSIVE


def confirmed_amounts(lines: Iterable[CaseLine]) -> dict[LineId, int]:
    """Fen confirmed by line, every fee line's money once.

    What all findings of the case together count of a fee line goes to the confirmed ones, so that refuting one finding does not lose
    the money that another, confirmed one claims of the same line.
    """
    present = sorted((line for line in lines if line.present), key=lambda line: (-line.counted_fen, line.key))
    left: dict[str, int] = {}
    for line in present:
        bucket = line.line_id or f"\x1f{line.finding_id}"
        left[bucket] = left.get(bucket, 0) + line.counted_fen
    result: dict[LineId, int] = {}
    for line in present:
        if line.decision is Decision.CONFIRMED:
            bucket = line.line_id or f"\x1f{line.finding_id}"
            result[line.key] = min(line.part_fen, left[bucket])
            left[bucket] -= result[line.key]
    return result

"""How a case changes: findings join it and leave it, people take, decide and reopen it. Pure functions from case to case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from xiezhi.domain.actor import Actor, Role
from xiezhi.domain.case import REASONS, Action, Case, CaseKey, CaseLine, Decision, LineId, State, move, outcome_of
from xiezhi.domain.errors import Place, Problems, UsageError
from xiezhi.domain.finding import Finding
from xiezhi.domain.priority import Factors, age, confidence

_DECIDED = ("decision", "reason", "decided_by", "decided_at", "simulated", "sample")
Counted = Mapping[str, Mapping[str, int]]
"""Counted fen by finding id, then by line id (an empty line id for findings without lines)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's decision about one line; a simulated panel's says so, and how it chose the case (`random`, `top`)."""

    decision: Decision
    reason: str
    note: str = ""
    simulated: bool = False
    sample: str = ""


def lines_of(finding: Finding, counted: Mapping[str, int]) -> list[CaseLine]:
    """The case lines of an open finding."""
    parts = list(zip(finding.line_ids, finding.line_amounts, strict=True)) if finding.line_ids else [("", finding.amount_fen)]
    return [
        CaseLine(
            finding.finding_id,
            line,
            finding.revision,
            finding.rule_id,
            finding.verdict,
            finding.practitioner_code,
            finding.service_date,
            part,
            min(part, counted.get(line, 0)),
        )
        for line, part in parts
    ]


def factors_of(lines: Iterable[CaseLine], credit: int, as_of: date) -> Factors:
    """The factors of a case with these lines that still hold; neutral age where there are none."""
    present = [line for line in lines if line.present]
    return Factors(
        sum(line.counted_fen for line in present),
        confidence((line.verdict, line.counted_fen) for line in present),
        credit,
        age(min(line.service_date for line in present), as_of) if present else 1000,
    )


def regroup(
    case: Case | None, key: CaseKey, findings: Iterable[Finding], counted: Counted, *, credit: int, as_of: date, at: datetime
) -> Case | None:
    """The case after its findings changed.

    Args:
        case: the case as it was, None if there was none.
        key: what it is about.
        findings: the newest row of every finding of the case, whatever its status.
        counted: money counted once over the store.
        credit: factor of the institution's rating, permille.
        as_of: date to which age is counted.
        at: moment of the change.

    Returns:
        None where nothing holds and nobody had touched the case: it then is as if it had never been. What it is does not depend
        on the order in which findings came. A decision stands as long as its finding's revision does.
    """
    open_ = [finding for finding in findings if finding.status == "open"]
    old = {line.key: line for line in case.lines} if case else {}
    lines: dict[LineId, CaseLine] = {}
    for finding in open_:
        for line in lines_of(finding, counted.get(finding.finding_id, {})):
            before = old.get(line.key)
            if before is not None and before.decision is not None and before.revision == line.revision:
                line = replace(line, **{name: getattr(before, name) for name in _DECIDED})
            lines[line.key] = line
    for line in old.values():
        if line.key not in lines and line.decision is not None:
            lines[line.key] = replace(line, present=False, counted_fen=0)
    ordered = tuple(lines[each] for each in sorted(lines))
    persons = sorted({finding.person_id for finding in open_ if finding.person_id}) if key.kind == "encounter" else []
    if case is None:
        if not open_:
            return None
        case = Case(key.case_id, key, None, State.OPEN, 0, (), factors_of(ordered, credit, as_of), at)
    elif not open_ and not case.touched:
        return None
    kept = {name: getattr(case.factors, name) for name in ("signal", "parts", "explored")}  # until they are asked for again
    factors = replace(factors_of(ordered, credit, as_of), **kept)
    after = replace(case, person_id=persons[0] if persons else case.person_id, lines=ordered, factors=factors)
    after = _settle(after)
    # Factors alone move with time and ratings; they do not make the page that a person reads stale.
    return after if replace(after, factors=case.factors) == case else replace(after, version=case.version + 1)


def _settle(case: Case) -> Case:
    """The state that follows from lines having come or gone."""
    if not case.present:
        if case.state in (State.OPEN, State.IN_REVIEW, State.REOPENED):
            return replace(case, state=move(case.state, Action.WITHDRAW, Role.SYSTEM), outcome=None, assigned_to="")
        return case
    if case.state is State.WITHDRAWN:
        case = replace(case, state=move(case.state, Action.REVIVE, Role.SYSTEM))
    if case.undecided:
        if case.state is State.CLOSED:
            return replace(case, state=move(case.state, Action.JOIN, Role.SYSTEM), outcome=None, barred=())
        return case
    if case.state is not State.CLOSED:
        return replace(case, state=move(case.state, Action.CLOSE, Role.SYSTEM), outcome=outcome_of(case.lines))
    return replace(case, outcome=outcome_of(case.lines))


def take(case: Case, actor: Actor) -> Case:
    """Assign the case to a person."""
    state = move(case.state, Action.TAKE, actor.role)
    return replace(case, state=state, assigned_to=actor.username, touched=True, version=case.version + 1)


def release(case: Case, actor: Actor) -> Case:
    """Put a case back into the queue; what was decided stays."""
    state = move(case.state, Action.RELEASE, actor.role)
    return replace(case, state=state, assigned_to="", version=case.version + 1)


def decide(case: Case, verdicts: Mapping[LineId, Verdict], actor: Actor, at: datetime) -> Case:
    """Decide lines; the case closes with its outcome when none is left undecided.

    Raises:
        UsageError: nothing to decide, an unknown line, a reason that does not belong to the decision, a person who decided the case before
            it was reopened, or a move that the table of states refuses; all wrong lines together.
    """
    state = move(case.state, Action.DECIDE, actor.role)
    if actor.username in case.barred:
        raise UsageError.of(f"{actor.username} decided case {case.case_id} before it was reopened", accepted="another person")
    problems = Problems()
    present = {line.key for line in case.present}
    if not verdicts:
        problems.add("no line was decided", accepted="at least one line")
    for key, verdict in verdicts.items():
        place = Place(field=":".join(key))
        if key not in present:
            problems.add(f"case {case.case_id} has no such line", place)
        reason = REASONS.get(verdict.reason)
        if reason is None or reason.decision is not verdict.decision:
            accepted = ", ".join(code for code, each in REASONS.items() if each.decision is verdict.decision)
            problems.add(f"reason {verdict.reason!r} for {verdict.decision.value}", place, accepted=accepted)
    if problems.items:
        raise UsageError(problems.items)
    lines = tuple(
        replace(
            line,
            decision=each.decision,
            reason=each.reason,
            decided_by=actor.username,
            decided_at=at,
            simulated=each.simulated,
            sample=each.sample,
        )
        if (each := verdicts.get(line.key)) is not None
        else line
        for line in case.lines
    )
    decided = replace(case, state=state, lines=lines, assigned_to=actor.username, touched=True, version=case.version + 1)
    return decided if decided.undecided else close(decided, actor)


def close(case: Case, actor: Actor) -> Case:
    """Close a case with its outcome.

    Raises:
        UsageError: a line is undecided, so there is no outcome.
    """
    outcome = outcome_of(case.lines)
    if outcome is None:
        raise UsageError.of(
            f"case {case.case_id} has no outcome: {len(case.undecided)} undecided lines", accepted="a decision about every line"
        )
    return replace(case, state=move(case.state, Action.CLOSE, actor.role), outcome=outcome)


def reopen(case: Case, actor: Actor) -> Case:
    """Open a closed case again: its lines are undecided, and who decided them may not do so again."""
    state = move(case.state, Action.REOPEN, actor.role)
    barred = tuple(sorted({*case.barred, *(line.decided_by for line in case.lines if line.decided_by)}))
    lines = tuple(
        replace(line, decision=None, reason="", decided_by="", decided_at=None, simulated=False, sample="") for line in case.present
    )
    after = replace(case, state=state, lines=lines, outcome=None, assigned_to="", barred=barred, version=case.version + 1)
    return after if lines else replace(after, state=move(state, Action.WITHDRAW, Role.SYSTEM))

"""What people do with a case: take it, put it back, decide its lines, open it again, see the person's number.

Each call is one transaction: the case, the history of decisions, the credit events, the ratings, the queue and the audit log change
together or not at all. Two people who decide at once come one after the other; who sends the version that was read is told of a change
instead of deciding on a stale page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiezhi.domain import case_change
from xiezhi.domain.actor import REVEALERS, Actor
from xiezhi.domain.case import Case, Conflict, LineId
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import Scheme
from xiezhi.domain.errors import UsageError
from xiezhi.services.case_store import CaseStore, CaseUnit
from xiezhi.services.rate_credit import RatingChange, log_events, rate_subjects


@dataclass(frozen=True, slots=True)
class Decided:
    """The case after a change, and the ratings that it moved."""

    case: Case
    ratings: tuple[RatingChange, ...] = ()


def same_for_all(case: Case, verdict: Verdict, finding_id: str = "") -> dict[LineId, Verdict]:
    """One verdict for every undecided line of a case, or of one of its findings."""
    return {line.key: verdict for line in case.undecided if finding_id in ("", line.finding_id)}


def decide(
    store: CaseStore,
    scheme: Scheme,
    actor: Actor,
    case_id: str,
    verdicts: Mapping[LineId, Verdict] | Verdict,
    at: datetime,
    expected_version: int | None = None,
) -> Decided:
    """Decide lines of a case; a single verdict decides every line that is undecided.

    Raises:
        UsageError: no such case in the actor's scope, or what `case_change.decide` refuses.
        Conflict: the case is no longer at `expected_version`.
    """
    with store.write() as unit:
        before = _load(unit, actor, case_id, expected_version)
        chosen = same_for_all(before, verdicts) if isinstance(verdicts, Verdict) else verdicts
        after = case_change.decide(before, chosen, actor, at)
        unit.add_decisions(after, chosen, actor, at)
        return _store(unit, scheme, actor, "case.decided", after, {"lines": _listed(chosen)}, at)


def decide_many(
    store: CaseStore, scheme: Scheme, actor: Actor, verdicts: Mapping[str, Mapping[LineId, Verdict]], at: datetime, at_once: int = 500
) -> list[Case]:
    """Decide lines of many cases, some hundred cases a transaction; returns the cases after it, in the order given.

    Does what `decide` does for each, but rates every subject once a transaction.

    Raises:
        UsageError: as `decide`; the transaction of the case that is refused leaves nothing, earlier ones stand.
    """
    decided: list[Case] = []
    ids = list(verdicts)
    for start in range(0, len(ids), at_once):
        part = ids[start : start + at_once]
        with store.write() as unit:
            found = unit.cases(actor.scope, part)
            after = [case_change.decide(_found(found, case_id), verdicts[case_id], actor, at) for case_id in part]
            for case in after:
                unit.add_decisions(case, verdicts[case.case_id], actor, at)
            unit.save_cases(after)
            unit.audit(actor, [_entry("case.decided", case, {"lines": _listed(verdicts[case.case_id])}) for case in after], at)
            rate_subjects(unit, scheme, log_events(unit, after, at.date()), at.date(), at)
            stored = unit.cases(actor.scope, part)
            decided += [stored[case_id] for case_id in part]
    return decided


def take(store: CaseStore, scheme: Scheme, actor: Actor, case_id: str, at: datetime) -> Decided:
    """Take a case into review; raises as `decide`."""
    with store.write() as unit:
        return _store(unit, scheme, actor, "case.taken", case_change.take(_load(unit, actor, case_id), actor), {}, at)


def release(store: CaseStore, scheme: Scheme, actor: Actor, case_id: str, at: datetime) -> Decided:
    """Put a case back into the queue; raises as `decide`."""
    with store.write() as unit:
        return _store(unit, scheme, actor, "case.released", case_change.release(_load(unit, actor, case_id), actor), {}, at)


def reopen(store: CaseStore, scheme: Scheme, actor: Actor, case_id: str, note: str, at: datetime) -> Decided:
    """Open a closed case again, with the reason in words; its decisions and their credit events are reversed. Raises as `decide`."""
    if not note.strip():
        raise UsageError.of("a case is opened again without a reason", accepted="why, in words")
    with store.write() as unit:
        return _store(unit, scheme, actor, "case.reopened", case_change.reopen(_load(unit, actor, case_id), actor), {"note": note}, at)


def reveal_person(store: CaseStore, actor: Actor, case_id: str, at: datetime) -> str:
    """The person's number in full; that it was seen, and by whom, is in the audit log. Empty where the case is about no person.

    Raises:
        UsageError: no such case in the actor's scope, or a role that may not see it.
    """
    if actor.role not in REVEALERS:
        raise UsageError.of(
            f"role {actor.role.value} may not see a person's number", accepted=", ".join(sorted(role.value for role in REVEALERS))
        )
    with store.write() as unit:
        case = _load(unit, actor, case_id)
        unit.audit(actor, [("person.revealed", case_id, {})], at)
        return case.person_id or ""


def _load(unit: CaseUnit, actor: Actor, case_id: str, expected_version: int | None = None) -> Case:
    case = _found(unit.cases(actor.scope, [case_id]), case_id)
    if expected_version is not None and case.version != expected_version:
        raise Conflict.of(f"case {case_id} changed: it is at version {case.version}, you read {expected_version}", todo="read it again")
    return case


def _found(cases: Mapping[str, Case], case_id: str) -> Case:
    if case_id not in cases:  # outside the scope is told like absent, so that ids cannot be probed
        raise UsageError.of(f"no case {case_id}", accepted="an id of `xiezhi cases list`")
    return cases[case_id]


def _listed(verdicts: Mapping[LineId, Verdict]) -> list[dict[str, Any]]:
    return [
        {"finding": key[0], "line": key[1], "decision": each.decision.value, "reason": each.reason, "note": each.note}
        | ({"simulated": True, "sample": each.sample} if each.simulated else {})
        for key, each in sorted(verdicts.items())
    ]


def _entry(action: str, case: Case, detail: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    outcome = case.outcome.value if case.outcome else ""
    return action, case.case_id, {"state": case.state.value, "version": case.version, "outcome": outcome, **detail}


def _store(unit: CaseUnit, scheme: Scheme, actor: Actor, action: str, case: Case, detail: Mapping[str, Any], at: datetime) -> Decided:
    unit.save_cases([case])
    unit.audit(actor, [_entry(action, case, detail)], at)
    changes = rate_subjects(unit, scheme, log_events(unit, [case], at.date()), at.date(), at)
    return Decided(unit.cases(actor.scope, [case.case_id])[case.case_id], tuple(changes))

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
        listed = [
            {"finding": key[0], "line": key[1], "decision": each.decision.value, "reason": each.reason, "note": each.note}
            | ({"simulated": True, "sample": each.sample} if each.simulated else {})
            for key, each in sorted(chosen.items())
        ]
        return _store(unit, scheme, actor, "case.decided", after, {"lines": listed}, at)


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
    case = unit.cases(actor.scope, [case_id]).get(case_id)
    if case is None:  # outside the scope is told like absent, so that ids cannot be probed
        raise UsageError.of(f"no case {case_id}", accepted="an id of `xiezhi cases list`")
    if expected_version is not None and case.version != expected_version:
        raise Conflict.of(f"case {case_id} changed: it is at version {case.version}, you read {expected_version}", todo="read it again")
    return case


def _store(unit: CaseUnit, scheme: Scheme, actor: Actor, action: str, case: Case, detail: Mapping[str, Any], at: datetime) -> Decided:
    unit.save_cases([case])
    outcome = case.outcome.value if case.outcome else ""
    unit.audit(actor, [(action, case.case_id, {"state": case.state.value, "version": case.version, "outcome": outcome, **detail})], at)
    changes = rate_subjects(unit, scheme, log_events(unit, [case], at.date()), at.date(), at)
    return Decided(unit.cases(actor.scope, [case.case_id])[case.case_id], tuple(changes))

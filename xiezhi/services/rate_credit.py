"""Credit: decisions become events, events become ratings, ratings move the queue.

Everything happens in the transaction of the decision, so a page that is read after it shows all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from xiezhi.domain.actor import SYSTEM, Actor, Scope
from xiezhi.domain.case import Case, confirmed_amounts
from xiezhi.domain.credit import INSTITUTION, PRACTITIONER, REVERSED, CreditEvent, Rating, Scheme, rate
from xiezhi.domain.priority import age
from xiezhi.services.case_store import CaseStore, CaseUnit

Subject = tuple[str, str]
"""Kind and id of what is rated."""


@dataclass(frozen=True, slots=True)
class RatingChange:
    """A rating before (None: never rated) and after."""

    before: Rating | None
    after: Rating


def events_of(case: Case) -> list[CreditEvent]:
    """The events that the present decisions of a case stand for: one a line and rated subject."""
    amounts = confirmed_amounts(case.lines)
    found: list[CreditEvent] = []
    for line in case.present:
        if line.decision is None or line.decided_at is None:
            continue
        subjects = [(INSTITUTION, case.key.institution_code)]
        if line.practitioner_code:
            subjects.append((PRACTITIONER, line.practitioner_code))
        found += [
            CreditEvent(
                kind,
                subject,
                case.case_id,
                line.finding_id,
                line.line_id,
                line.decision.value,
                line.verdict,
                line.reason,
                amounts.get(line.key, 0),
                line.decided_at.date(),
            )
            for kind, subject in subjects
        ]
    return found


def log_events(unit: CaseUnit, cases: Iterable[Case], on: date) -> set[Subject]:
    """Append what changed about the decisions of cases; what no longer stands is reversed. Returns the subjects concerned."""
    listed = list(cases)
    stored: dict[tuple[str, str, str, str, str], CreditEvent] = {}
    for event in unit.case_events([case.case_id for case in listed]):
        stored[_identity(event)] = event
    wanted = {_identity(event): event for case in listed for event in events_of(case)}
    added = [event for key, event in wanted.items() if key not in stored or replace(stored[key], seq=0) != event]
    added += [
        replace(event, kind=REVERSED, reason="", amount_fen=0, on=on, seq=0)
        for key, event in stored.items()
        if key not in wanted and event.kind != REVERSED
    ]
    unit.add_events(added)
    return {(event.subject_kind, event.subject_id) for event in added}


def rate_subjects(
    unit: CaseUnit, scheme: Scheme, subjects: Iterable[Subject], as_of: date, at: datetime, actor: Actor = SYSTEM
) -> list[RatingChange]:
    """Rate subjects again; a rating that changed is appended, audited, and moves the waiting cases of its institution."""
    changes: list[RatingChange] = []
    for kind in (INSTITUTION, PRACTITIONER):
        ids = sorted({subject for of_kind, subject in subjects if of_kind == kind})
        events: dict[str, list[CreditEvent]] = {subject: [] for subject in ids}
        for event in unit.credit_events(kind, ids):
            events[event.subject_id].append(event)
        before = unit.ratings(kind, ids)
        for subject in ids:
            after = rate(kind, subject, events[subject], scheme, as_of)
            known = before.get(subject)
            if known is None or replace(known, as_of=as_of) != after:
                changes.append(RatingChange(known, after))
    unit.add_ratings([change.after for change in changes], at)
    unit.audit(
        actor, [("credit.rated", f"{change.after.subject_kind}:{change.after.subject_id}", _detail(change)) for change in changes], at
    )
    moved = {change.after.subject_id: change.after.queue for change in changes if change.after.subject_kind == INSTITUTION}
    if moved:
        reprioritise(unit, moved, as_of, sorted(moved))
    return changes


def reprioritise(unit: CaseUnit, credit: Mapping[str, int], as_of: date, institutions: list[str] | None = None) -> int:
    """Give waiting cases the present factors of credit and age; returns how many changed. None: of all institutions."""
    ids = unit.open_case_ids(Scope.all(), institutions)
    count = 0
    for start in range(0, len(ids), 1000):
        changed: list[Case] = []
        for case in unit.cases(Scope.all(), ids[start : start + 1000]).values():
            first = min((line.service_date for line in case.present), default=as_of)
            factors = replace(case.factors, credit=credit.get(case.key.institution_code, case.factors.credit), age=age(first, as_of))
            if factors != case.factors:
                changed.append(replace(case, factors=factors))
        unit.save_factors(changed)
        count += len(changed)
    return count


def recompute(store: CaseStore, scheme: Scheme, as_of: date, at: datetime, actor: Actor = SYSTEM) -> list[RatingChange]:
    """Rate every subject that has an event, from its events alone; the same events and scheme give the same ratings again."""
    with store.write() as unit:
        subjects = {(event.subject_kind, event.subject_id) for event in unit.credit_events()}
        return rate_subjects(unit, scheme, subjects, as_of, at, actor)


def _identity(event: CreditEvent) -> tuple[str, str, str, str, str]:
    return event.subject_kind, event.subject_id, event.case_id, event.finding_id, event.line_id


def _detail(change: RatingChange) -> dict[str, object]:
    after, before = change.after, change.before
    return {
        "score": after.score,
        "grade": after.grade,
        "before": before.score if before else None,
        "scheme": f"{after.scheme}:{after.scheme_hash}",
        "as_of": after.as_of.isoformat(),
    }

"""Scores and leads reach the queue: the waiting cases get the signals of their subjects, their age, and the day's exploration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from xiezhi.domain.actor import SYSTEM, Scope
from xiezhi.domain.case import Case
from xiezhi.domain.priority import Factors, SignalParts, age, explored
from xiezhi.domain.signal import Lead, Score, Subject
from xiezhi.services.case_store import CaseStore

Named = tuple[Subject, str]


class Signals(Protocol):
    """What is read of `SignalStore`."""

    def scores_of(self, subjects: Sequence[Named]) -> dict[Named, list[Score]]:
        """The newest score of every model, by subject."""
        ...

    def leads_of(self, subjects: Sequence[Named]) -> dict[Named, list[Lead]]:
        """The newest leads that contain the subjects."""
        ...


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run did: waiting cases, those whose factors changed, those that a signal raises, those explored on the day."""

    cases: int
    changed: int
    raised: int
    explored: int


def subjects_of(case: Case) -> list[Named]:
    """Whom a case is about: its institution, its person, the practitioners of the lines that still hold."""
    doctors = sorted({line.practitioner_code for line in case.present if line.practitioner_code})
    found = [(Subject.INSTITUTION, case.key.institution_code), *((Subject.PRACTITIONER, code) for code in doctors)]
    return [*found, (Subject.PERSON, case.person_id)] if case.person_id else found


def parts_of(subjects: Iterable[Named], scores: Mapping[Named, Sequence[Score]], leads: Mapping[Named, Sequence[Lead]]) -> SignalParts:
    """The parts of the signal of subjects; a lead that contains several of them counts once."""
    highest: dict[str, int] = {}
    strength: dict[str, int] = {}
    for subject in subjects:
        for score in scores.get(subject, ()):
            highest[subject[0].value] = max(score.permille, highest.get(subject[0].value, 0))
        strength.update((lead.lead_id, lead.strength) for lead in leads.get(subject, ()))
    return SignalParts(**highest, leads=len(strength), strongest=max(strength.values(), default=0))


def apply_signals(store: CaseStore, signals: Signals, as_of: date, at: datetime, exploration: int = 50) -> Applied:
    """Refresh the factors of all waiting cases, in one transaction. To be called after scores or leads were written, and each day.

    Factors alone change, so no page that a person reads becomes stale. The same cases, signals and day give the same factors again.

    Args:
        store: where cases live.
        signals: where scores and leads are read.
        as_of: date to which age is counted, and day of the exploration's draw.
        at: the moment, for the audit log.
        exploration: permille of the cases that are explored, 0 to 1000; 0 takes all marks away.
    """
    with store.write() as unit:
        cases = unit.cases(Scope.all(), unit.open_case_ids(Scope.all()))
        asked = sorted({subject for case in cases.values() for subject in subjects_of(case)})
        scores, leads = signals.scores_of(asked), signals.leads_of(asked)
        fresh: dict[str, Factors] = {}
        for case_id, case in sorted(cases.items()):
            parts = parts_of(subjects_of(case), scores, leads)
            first = min((line.service_date for line in case.present), default=as_of)
            fresh[case_id] = replace(case.factors, age=age(first, as_of), signal=parts.factor, parts=parts)
        falling = sorted((factors.priority for factors in fresh.values()), reverse=True)
        changed: list[Case] = []
        for case_id, factors in fresh.items():
            fresh[case_id] = factors = replace(factors, explored=explored(case_id, as_of, exploration, falling))
            if factors != cases[case_id].factors:
                changed.append(replace(cases[case_id], factors=factors))
        unit.save_factors(changed)
        drawn = sum(factors.explored is not None for factors in fresh.values())
        done = Applied(len(fresh), len(changed), sum(factors.signal > 1000 for factors in fresh.values()), drawn)
        if changed:
            told = {"as_of": as_of.isoformat(), "changed": done.changed, "raised": done.raised, "explored": drawn}
            unit.audit(SYSTEM, [("signals.applied", f"day:{as_of.isoformat()}", told)], at)
        return done

"""Scores and leads as pages and twins show them: subjects masked where they are persons, leads inside the scope only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from xiezhi.domain.actor import Scope, mask
from xiezhi.domain.priority import Factors
from xiezhi.domain.signal import Lead, Score, Subject
from xiezhi.storage.sql.signals import Named, leads_of, scores_of

LEADS, REASONS = 10, 5
"""Leads (the strongest) and reasons of a score (the first) that a page beside the lead's own shows."""


@dataclass(frozen=True, slots=True)
class ScoredSubject:
    """A subject as it is shown, with the newest score of every model, the most conspicuous first."""

    subject: str
    shown: str
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Signals:
    """What models and the graph say about some subjects; `leads` are the strongest, `more` how many there are beside."""

    scored: tuple[ScoredSubject, ...]
    leads: tuple[Lead, ...]
    more: int


def signals_of(connection: Connection, scope: Scope, subjects: Sequence[Named]) -> Signals:
    """Scores and leads of subjects that the reader may see, in the order of the subjects; a lead of several of them once."""
    scores, leads = scores_of(connection, subjects), leads_of(connection, scope, subjects)
    scored = [
        ScoredSubject(named[0].value, shown_id(*named), tuple(sorted(scores[named], key=lambda each: (-each.permille, each.model))))
        for named in dict.fromkeys(subjects)
        if named in scores
    ]
    every = {lead.lead_id: lead for found in leads.values() for lead in found}
    ranked = sorted(every.values(), key=lambda lead: (-lead.strength, lead.lead_id))
    return Signals(tuple(scored), tuple(ranked[:LEADS]), max(0, len(ranked) - LEADS))


def shown_id(subject: Subject, subject_id: str) -> str:
    """A person's number masked; codes of institutions and practitioners as they are."""
    return mask(subject_id) if subject is Subject.PERSON else subject_id


def factors_document(factors: Factors, with_signals: bool) -> dict[str, Any]:
    """The factors of a twin; who may not see signals gets neither theirs nor what they are made of."""
    hidden = ("explored",) if with_signals else ("explored", "signal", "parts")
    return {name: value for name, value in asdict(factors).items() if name not in hidden} | {"priority": factors.priority}


def signals_document(signals: Signals) -> dict[str, Any]:
    """The twin of a page's signals."""
    names = ("model", "model_version", "month", "permille", "probability", "peer_group", "peers")
    return {
        "indicator_only": True,
        "scores": [
            {
                "subject": each.subject,
                "subject_id": each.shown,
                **{name: getattr(score, name) for name in names},
                "reasons": [asdict(reason) for reason in score.reasons],
            }
            for each in signals.scored
            for score in each.scores
        ],
        "leads": [{name: getattr(lead, name) for name in ("lead_id", "kind", "month", "strength", "title_zh")} for lead in signals.leads],
        "leads_left_out": signals.more,
    }


def lead_document(lead: Lead) -> dict[str, Any]:
    """The twin of a lead: members by number, so that relations can name them though persons are masked."""
    numbers = {member.subject_id: number for number, member in enumerate(lead.members, 1)}
    names = ("lead_id", "kind", "month", "strength", "title_zh", "title_en", "institutions", "first", "last")
    more = ("measures", "amount_fen", "evidence_zh", "evidence_en", "run_id")
    return {
        "indicator_only": True,
        **{name: getattr(lead, name) for name in (*names, *more)},
        "members": [
            {"number": number, "subject": each.subject, "subject_id": shown_id(each.subject, each.subject_id), "role": each.role}
            for number, each in enumerate(lead.members, 1)
        ],
        "shared": [{"attribute": name, "value": value, "members": count} for name, value, count in lead.shared],
        "relations": relation_rows(lead, numbers),
    }


def relation_rows(lead: Lead, numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Relations with the numbers of their members, as far as both are members."""
    rest = ("kind", "weight", "first", "last")
    return [
        {"one": numbers[each.one], "other": numbers[each.other], **{name: getattr(each, name) for name in rest}}
        for each in lead.relations
        if each.one in numbers and each.other in numbers
    ]

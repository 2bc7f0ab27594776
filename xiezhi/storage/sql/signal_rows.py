"""Scores and leads as rows and back; what is only shown is JSON text, what is searched are columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from xiezhi.domain.actor import region_of
from xiezhi.domain.signal import Lead, Member, Relation, Score, ScoreReason, Subject

MOST_REASONS, MOST_RELATIONS = 20, 200
"""What is kept of a score (its first reasons) and of a lead (its strongest relations); the rest stays with the run that made it."""


def score_row(score: Score) -> dict[str, Any]:
    """A row of `scores`; a number that is none (NaN, infinite) is kept as missing."""
    reasons = [
        {**asdict(each), "value": _number(each.value), "peer_value": _number(each.peer_value), "share": _number(each.share) or 0.0}
        for each in score.reasons[:MOST_REASONS]
    ]
    return {
        "model": score.model,
        "month": score.month,
        "subject": score.subject.value,
        "subject_id": score.subject_id,
        "model_version": score.model_version,
        "permille": int(score.permille),
        "probability": _number(score.probability),
        "peer_group": score.peer_group,
        "peers": int(score.peers),
        "reasons": _text(reasons),
        "run_id": score.run_id,
    }


def score_of(row: Mapping[str, Any]) -> Score:
    """The score of a row."""
    values = {name: row[name] for name in Score.__slots__ if name not in ("subject", "reasons")}
    reasons = tuple(ScoreReason(**each) for each in json.loads(row["reasons"]))
    return Score(subject=Subject(row["subject"]), reasons=reasons, **values)


def lead_row(lead: Lead) -> dict[str, Any]:
    """A row of `leads`."""
    strongest = sorted(lead.relations, key=lambda each: (-each.weight, each.one, each.other, each.kind))[:MOST_RELATIONS]
    body = {
        "members": [[each.subject.value, each.subject_id, each.role] for each in lead.members],
        "institutions": sorted(set(lead.institutions)),
        "shared": [[name, value, int(count)] for name, value, count in lead.shared],
        "measures": {name: number for name, value in lead.measures.items() if (number := _number(value)) is not None},
        "evidence_zh": list(lead.evidence_zh),
        "evidence_en": list(lead.evidence_en),
        "relations": [
            [each.one, each.other, each.kind, _number(each.weight) or 0.0, *(day.isoformat() if day else None for day in _days(each))]
            for each in strongest
        ],
    }
    same = ("lead_id", "kind", "month", "first", "last", "title_zh", "title_en", "run_id")
    return {
        **{name: getattr(lead, name) for name in same},
        "strength": int(lead.strength),
        "amount_fen": int(lead.amount_fen),
        "members": len(lead.members),
        "body": _text(body),
    }


def lead_of(row: Mapping[str, Any]) -> Lead:
    """The lead of a row."""
    body: dict[str, Any] = json.loads(row["body"])
    return Lead(
        row["lead_id"],
        row["kind"],
        row["month"],
        row["strength"],
        row["title_zh"],
        row["title_en"],
        tuple(Member(Subject(subject), subject_id, role) for subject, subject_id, role in body["members"]),
        tuple(body["institutions"]),
        row["first"],
        row["last"],
        tuple((name, value, count) for name, value, count in body["shared"]),
        body["measures"],
        tuple(body["evidence_zh"]),
        tuple(body["evidence_en"]),
        tuple(
            Relation(one, other, kind, weight, date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None)
            for one, other, kind, weight, first, last in body["relations"]
        ),
        row["amount_fen"],
        row["run_id"],
    )


def subject_rows(lead: Lead) -> list[dict[str, Any]]:
    """Rows of `lead_subjects`: members and places, each once; institutions with their region, by which a scope finds them."""
    found = {(each.subject, each.subject_id) for each in lead.members} | {(Subject.INSTITUTION, code) for code in lead.institutions}
    return [
        {
            "lead_id": lead.lead_id,
            "subject": subject.value,
            "subject_id": subject_id,
            "region": region_of(subject_id) if subject is Subject.INSTITUTION else "",
        }
        for subject, subject_id in sorted(found)
    ]


def _days(relation: Relation) -> tuple[date | None, date | None]:
    return relation.first, relation.last


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

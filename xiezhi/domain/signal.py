"""What models and the graph say: scores of subjects and leads (线索). Indicators only: they order work, never accuse, never deny."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Subject(StrEnum):
    """What a score is about."""

    INSTITUTION = "institution"
    PRACTITIONER = "practitioner"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """One feature's part in a score.

    Attributes:
        feature: name in the catalogue of features.
        value: of the subject, in the feature's unit; None where it is missing.
        peer_value: median of the peer group, in the same unit; None where there is no group.
        share: signed part of the score (SHAP value or robust residual), positive = raises it.
        zh: one Chinese sentence with both values in it.
        en: the same in English.
    """

    feature: str
    value: float | None
    peer_value: float | None
    share: float
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Score:
    """How conspicuous a subject is in a month, by one model.

    Attributes:
        subject: kind of the subject.
        subject_id: fixmedins_code, staff_code or psn_no.
        month: last month that the features cover, `YYYY-MM`.
        model: registered name, such as `anomaly.institution`.
        model_version: version in the registry.
        permille: rank among all subjects of the kind in the month, 0–1000, 1000 = most conspicuous.
        probability: calibrated chance that a reviewer confirms; None for models without labels.
        peer_group: readable key of the peers it was compared with.
        peers: size of that group.
        reasons: by falling absolute share.
        run_id: the run that wrote it.
    """

    subject: Subject
    subject_id: str
    month: str
    model: str
    model_version: str
    permille: int
    probability: float | None
    peer_group: str
    peers: int
    reasons: tuple[ScoreReason, ...]
    run_id: str


@dataclass(frozen=True, slots=True)
class Member:
    """A subject that belongs to a lead, and what it is in it (`carrier`, `hub`, `member`, ...)."""

    subject: Subject
    subject_id: str
    role: str = "member"


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge of a lead: two of its members and what ties them (`same_phone`, `same_time_visits`, `trace_code`, `visits`, ...)."""

    one: str
    other: str
    kind: str
    weight: float
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """A group or pattern worth a look, with its evidence.

    Attributes:
        lead_id: deterministic, see `lead_id`.
        kind: `shared_contact`, `same_time_visits`, `trace_codes`, `institution`, ...
        month: last month of the data behind it, `YYYY-MM`.
        strength: permille, 1000 = strongest; from the lift against the null model, so that leads of all kinds can be ordered.
        title_zh: one neutral sentence. `title_en` the same in English.
        members: all of them.
        institutions: codes of the places concerned, for scope and for the queue.
        first: first day of the events behind it. `last` the last one.
        shared: what members have in common: (attribute, masked value, members that have it).
        measures: numbers by name: `lift`, `expected`, `observed`, `density`, ...
        evidence_zh: sentences with numbers and dates. `evidence_en` the same in English.
        relations: the strongest edges, at most 200.
        amount_fen: money of the visits concerned; not a claim that it is wrong.
        run_id: the run that wrote it.
    """

    lead_id: str
    kind: str
    month: str
    strength: int
    title_zh: str
    title_en: str
    members: tuple[Member, ...]
    institutions: tuple[str, ...]
    first: date
    last: date
    shared: tuple[tuple[str, str, int], ...]
    measures: Mapping[str, float]
    evidence_zh: tuple[str, ...]
    evidence_en: tuple[str, ...]
    relations: tuple[Relation, ...] = field(default_factory=tuple)
    amount_fen: int = 0
    run_id: str = ""


def lead_id(kind: str, month: str, members: Iterable[str]) -> str:
    """Deterministic identity of a lead; the order of members does not matter.

    >>> lead_id("k", "2026-01", ["b", "a"]) == lead_id("k", "2026-01", ["a", "b"])
    True
    """
    text = "\x1f".join((kind, month, *sorted(set(members))))
    return "L" + hashlib.sha256(text.encode()).hexdigest()[:19]

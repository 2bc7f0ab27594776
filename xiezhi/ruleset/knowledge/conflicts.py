"""When two points of one class limit one code differently: what must agree and what makes them different subjects.

Two points with other partners of a pair (A contains B, A interacts with B), another group of operations, another scope
or another region speak of different things. Two lists of allowed diagnoses for one drug contradict each other.
"""

from __future__ import annotations

import hashlib
import json

from xiezhi.domain.knowledge import KnowledgePoint
from xiezhi.ruleset.knowledge.vocabulary import FORMS

_SUBJECT_FIELDS = frozenset({"surgery_group", "window", "window_hours", "per", "per_days", "unit", "matn_stas"})
_BY_LEVEL_CLASS = 14


def signatures(point: KnowledgePoint) -> tuple[str, str]:
    """`(subject, limit)`: two points in force for one class and code with equal subject and other limit contradict each other."""
    form = FORMS.get(point.class_no)
    partners = list(point.codes_of("b"))
    departments = list(point.codes_of("dept"))
    listed = form is not None and form.partners == "listed"
    subject_fields = _SUBJECT_FIELDS | {"level"} if point.class_no == _BY_LEVEL_CLASS else _SUBJECT_FIELDS
    given = point.limit.given()
    subject = [point.region, {name: value for name, value in given.items() if name in subject_fields}, [] if listed else partners]
    limit = [{name: value for name, value in given.items() if name not in subject_fields}, partners if listed else [], departments]
    return _short(subject), _short(limit)


def _short(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]

"""Features of institutions, practitioners and persons by month.

    build_features(con, subject, month, findings=…, graph=…) -> pa.Table

One row a subject that was billed in the window: `subject_id`, `month`, `peer_group`, `peers`, then one float64 column a feature of
`CATALOGUE[subject]`, null = missing (never zero for "unknown").
"""

from __future__ import annotations

from collections.abc import Mapping

from models.features import institution, person, practitioner
from models.features.feature import KEYS, PAST, WINDOW, Feature
from xiezhi.domain.signal import Subject

CATALOGUE: Mapping[Subject, tuple[Feature, ...]] = {
    Subject.INSTITUTION: institution.FEATURES,
    Subject.PRACTITIONER: practitioner.FEATURES,
    Subject.PERSON: person.FEATURES,
}
"""Features by subject, in the order of their columns; those of the graph are listed by `models.graph`."""

__all__ = ["CATALOGUE", "KEYS", "PAST", "WINDOW", "Feature"]

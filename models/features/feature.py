"""What a feature is, and the names all tables of features share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from xiezhi.domain.signal import Subject

Unit = Literal["share", "ratio", "count", "fen", "days"]
"""share: 0–1; ratio: a quotient or a mean number without unit; count: a number of things; fen: money; days."""
Source = Literal["facts", "rules", "graph"]
"""facts: what was billed; rules: what findings say; graph: relations between persons and places."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a subject, over the months that end with the month of its row.

    Attributes:
        name: column in the table of features.
        subject: what it is about.
        unit: of the value.
        zh: Chinese name, shown to inspectors.
        en: English name.
        direction: +1 = high is conspicuous, -1 = low is, 0 = both are.
        source: where it comes from; models without the rules' view leave out `rules`.
    """

    name: str
    subject: Subject
    unit: Unit
    zh: str
    en: str
    direction: int
    source: Source = "facts"


Row = tuple[str, Unit, int, str, str]
"""A line of a catalogue: name, unit, direction, Chinese, English."""

RULES: tuple[Row, ...] = (
    ("definite_share", "share", 1, "明确违规类疑点金额占比", "share of fees in findings of definite rules"),
    ("suspicious_share", "share", 1, "可疑类疑点金额占比", "share of fees in findings of suspicious rules"),
    ("finding_rate", "ratio", 1, "每百次就诊疑点数", "findings per hundred visits"),
    ("finding_rules", "count", 1, "涉及规则数", "distinct rules with findings"),
)
"""What findings say of a subject; the same for all three."""


def catalogue(subject: Subject, rows: Sequence[Row], source: Source = "facts") -> tuple[Feature, ...]:
    """Features of one subject from the lines of a catalogue."""
    return tuple(Feature(name, subject, unit, zh, en, direction, source) for name, unit, direction, zh, en in rows)


KEYS = ("subject_id", "month", "peer_group", "peers")
"""First columns of every table of features: fixmedins_code, staff_code or psn_no; `YYYY-MM`; readable key of the peers; their number."""
WINDOW = 3
"""Months that a feature looks back over, the row's month included: one month of a village clinic is too few visits for a share."""
PAST = 6
"""Months before the row's month that growth is measured against, at most."""

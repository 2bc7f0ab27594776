"""What a monthly report says, as plain values; the workbook and the document only write it down.

Money is fen, shares and ranks are permille. Persons are masked before they come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.report.measures import Advice, Measured
from pipelines.sweep.page_data import Sums
from pipelines.sweep.page_words import Text
from xiezhi.domain.queue import QueueRow
from xiezhi.domain.signal import Lead, Score
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.spec import RuleSpec

Say = Callable[[str, str], str]
"""Chooses between the Chinese and the English text."""


def chooser(lang: str) -> Say:
    """`Say` of a language.

    >>> chooser("zh")("机构", "Institution"), chooser("en")("机构", "Institution")
    ('机构', 'Institution')
    """
    return lambda zh, en: en if lang == "en" else zh


@dataclass(frozen=True)
class Claims:
    """The claims of the month after refunds: lines, persons, institutions, net amount and what the fund paid of its visits."""

    lines: int
    persons: int
    institutions: int
    amount_fen: int
    fund_fen: int


@dataclass(frozen=True)
class RuleRow:
    """A rule in the month; `measured` is over all decisions about service dates up to the end of the month."""

    rule: RuleSpec
    sums: Sums
    institutions: int
    measured: Measured


@dataclass(frozen=True)
class InstitutionRow:
    """An institution with findings, leads or cases in the month.

    `open_fen` is the counted money of lines that nobody decided, `confirmed_fen` what people confirmed; `grade` is empty without a rating,
    `rating` its score; `scores` the newest of each model, the highest rank first; `leads` those that name it, the strongest first.
    """

    code: str
    name: str
    level: Text
    rules: int
    sums: Sums
    open_fen: int
    confirmed_fen: int
    waiting: int
    closed: int
    grade: str
    rating: int | None
    scores: tuple[Score, ...]
    leads: tuple[Lead, ...]


@dataclass(frozen=True)
class QuarantineRow:
    """Rows that were not loaded, for one reason; `dated` says whether their date lies in the month or cannot be read."""

    table: str
    column: str
    reason: Text
    dated: bool
    rows: int


@dataclass(frozen=True)
class Filled:
    """How many of an institution's values of a field are present, of how many there could be."""

    present: int
    whole: int

    @property
    def permille(self) -> int | None:
        """Rounded down, so that only what has no gap is complete; None where there could be none.

        >>> Filled(99_999, 100_000).permille, Filled(5, 5).permille, Filled(0, 0).permille
        (999, 1000, None)
        """
        return 1000 * self.present // self.whole if self.whole else None


@dataclass(frozen=True)
class Versions:
    """What repeats the month: versions of the program, rules, knowledge and claim tables, and the runs that wrote its findings."""

    program: str
    rules: str
    knowledge: str
    data: str
    runs: tuple[str, ...]


@dataclass(frozen=True)
class MonthReport:
    """The content of a report.

    Attributes:
        month: `YYYY-MM`.
        dated: date of issue.
        issuer: who issues it, empty where nobody is set. `addressee` to whom, likewise.
        names: names of all institutions by code, the code where nobody gave a name.
        as_of: number and moment of the newest audit record, up to which states, decisions and ratings are told; None without records.
        rated: date of the newest rating of an institution of the report, None without ratings.
        claims: the claims of the month.
        total: all open findings of the month. `by_verdict` the same by verdict.
        institutions: by falling counted money.
        rules: active rules and those with findings, by falling counted money.
        cases: the most urgent waiting cases. `waiting` and `closed` count all cases of the month.
        open_fen: counted money that nobody decided. `confirmed_fen` what people confirmed.
        leads: the strongest leads. `leads_total` counts all.
        quarantine: rows of the month that were not loaded, and those without a readable date.
        quality: rules about data quality with their findings (also part of `rules`).
        completeness: by institution, then by field of `facts.FIELDS`.
        citations: articles cited by rules with findings.
        advice: whom to inspect, the most urgent first.
    """

    month: str
    dated: date
    issuer: str
    addressee: str
    names: Mapping[str, str]
    as_of: tuple[int, datetime] | None
    rated: date | None
    claims: Claims
    total: Sums
    by_verdict: tuple[tuple[str, Text, Sums], ...]
    institutions: tuple[InstitutionRow, ...]
    rules: tuple[RuleRow, ...]
    cases: tuple[QueueRow, ...]
    waiting: int
    closed: int
    open_fen: int
    confirmed_fen: int
    leads: tuple[Lead, ...]
    leads_total: int
    quarantine: tuple[QuarantineRow, ...]
    quality: tuple[RuleRow, ...]
    completeness: Mapping[str, Mapping[str, Filled]]
    citations: tuple[Citation, ...]
    versions: Versions
    advice: tuple[tuple[InstitutionRow, Advice], ...]

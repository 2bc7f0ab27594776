"""A finding: a doubtful point (疑点) with its lines, numbers, money and citations (contracts.md 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

VERDICT_RANK = {"definite": 0, "suspicious": 1, "indicator": 2}
"""Order in which findings get a line's money (semantics.md 4)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as it is stored and written out; names and meanings are those of contracts.md 3.

    `quantity` and `limit_value` are millionths (money: fen × 10,000, so that yuan are millionths too);
    `line_amounts` are the fen of `amount_fen` by offending line, in the order of `line_ids`.
    """

    finding_id: str
    revision: int
    rule_id: str
    rule_version: int
    rule_hash: str
    class_no: int | None
    verdict: str
    stage: str
    person_id: str | None
    institution_code: str
    practitioner_code: str | None
    encounter_id: str | None
    settlement_id: str | None
    line_ids: tuple[str, ...]
    related_line_ids: tuple[str, ...]
    service_date: date
    quantity: int | None
    limit_value: int | None
    amount_fen: int
    fund_amount_fen: int | None
    line_amounts: tuple[int, ...]
    message_zh: str
    message_en: str
    law_refs: tuple[str, ...]
    knowledge_ids: tuple[str, ...]
    item_code: str | None
    subject: tuple[str, ...]
    status: str = "open"
    counted_amount_fen: int = 0
    data_version: str = ""
    found_at: datetime | None = None
    run_id: str = ""


REVISED_BY = (
    "rule_id", "verdict", "person_id", "institution_code", "practitioner_code", "encounter_id", "settlement_id", "line_ids", "service_date",
    "quantity", "limit_value", "amount_fen", "fund_amount_fen", "line_amounts", "message_zh", "message_en", "law_refs", "knowledge_ids",
)  # fmt: skip
"""A change in any of these makes a new revision; a change of related lines alone does not (semantics.md 5)."""


def finding_id(rule_id: str, subject: Sequence[str], line_ids: Iterable[str]) -> str:
    """Deterministic identity of a finding: the same on every engine and in every run.

    >>> finding_id("R", ("P1", "2026-01-02"), ["b", "a"]) == finding_id("R", ("P1", "2026-01-02"), ["a", "b"])
    True
    """
    text = "\x1e".join((rule_id, "\x1f".join(subject), "\x1f".join(sorted(line_ids))))
    return hashlib.sha256(text.encode()).hexdigest()[:32]

"""What people (or a simulated panel, marked as such) decided, line by line: the only labels that training may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.models import case_lines, cases


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """A decided line that still holds.

    Attributes:
        kind: of the case, `encounter` or `theme`; `theme` is empty for an encounter's case.
        institution: fixmedins_code. `practitioner` staff_code, `person` psn_no and `encounter` mdtrt_id are None where there is none.
        verdict: of the finding: `definite`, `suspicious` or `indicator`.
        service_date: of the finding's first line.
        part_fen: what the finding claims of the line. `counted_fen` what is left of it when all money is counted once.
        decision: `confirmed`, `refuted` or `inconclusive`. `reason` its code.
        simulated: whether a simulated panel decided.
        sample: how the case was chosen: `random`, `top`, or empty where a person came upon it in the queue.
    """

    case_id: str
    finding_id: str
    line_id: str
    kind: str
    institution: str
    practitioner: str | None
    person: str | None
    encounter: str | None
    theme: str
    rule_id: str
    verdict: str
    service_date: date
    part_fen: int
    counted_fen: int
    decision: str
    reason: str
    simulated: bool
    sample: str
    decided_at: datetime


def decided_lines(database: Database, until: datetime | None = None) -> list[DecidedLine]:
    """Decided lines as they stand now, by moment, then identity.

    Args:
        database: where cases live.
        until: leave out what was decided after this moment. A line that was decided again later is left out whole: what stood before
            is history and was replaced, but the later decision must not be seen.
    """
    line = case_lines.c
    columns: tuple[Any, ...] = (
        line.case_id,
        line.finding_id,
        line.line_id,
        cases.c.kind,
        cases.c.institution_code,
        line.practitioner_code,
        cases.c.person_id,
        cases.c.encounter_id,
        cases.c.theme,
        line.rule_id,
        line.verdict,
        line.service_date,
        line.part_fen,
        line.counted_fen,
        line.decision,
        line.reason,
        line.simulated,
        line.sample,
        line.decided_at,
    )
    asked = (
        select(*columns)
        .join(cases, cases.c.case_id == line.case_id)
        .where(line.decision.is_not(None), line.decided_at.is_not(None), line.present)
        .order_by(line.decided_at, line.case_id, line.finding_id, line.line_id)
    )
    if until is not None:
        asked = asked.where(line.decided_at <= until)
    with database.read() as connection:
        return [DecidedLine(*row) for row in connection.execute(asked)]

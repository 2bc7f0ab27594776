"""What a monthly report reads of the database: cases of a service month, ratings, scores and leads as they stood up to a month.

A case belongs to a month where one of its lines that still hold has its service date there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from xiezhi.domain.queue import WAITING, QueueRow
from xiezhi.domain.signal import Lead, Score, Subject
from xiezhi.storage.sql.asking import rows
from xiezhi.storage.sql.case_rows import queue_row
from xiezhi.storage.sql.models import audit, case_lines, cases, lead_runs, leads, scores
from xiezhi.storage.sql.signal_rows import lead_of, score_of

_WAITING = [state.value for state in WAITING]


@dataclass(frozen=True, slots=True)
class CaseCount:
    """Cases of an institution in a month: those that wait (open, in review, reopened) and those that are closed."""

    waiting: int
    closed: int


def cases_by_institution(connection: Connection, first: date, last: date) -> dict[str, CaseCount]:
    """Cases of the service dates `first` to `last` (both in) by institution."""
    asked = (
        select(cases.c.institution_code, cases.c.state, func.count())
        .where(_of_dates(first, last))
        .group_by(cases.c.institution_code, cases.c.state)
    )
    found: dict[str, CaseCount] = {}
    for code, state, count in connection.execute(asked):
        before = found.get(code, CaseCount(0, 0))
        found[code] = CaseCount(before.waiting + count * (state in _WAITING), before.closed + count * (state == "closed"))
    return found


def waiting_cases(connection: Connection, first: date, last: date, limit: int) -> list[QueueRow]:
    """Waiting cases of these service dates, the most urgent first, at most `limit`; persons are masked."""
    asked = select(cases).where(_of_dates(first, last), func.coalesce(cases.c.state, "").in_(_WAITING))
    return [queue_row(row) for row in rows(connection, asked.order_by(cases.c.priority.desc(), cases.c.case_id.desc()).limit(limit))]


def institution_scores(connection: Connection, month: str) -> dict[str, list[Score]]:
    """By institution the newest score of every model up to `month` (`YYYY-MM`), the highest rank first."""
    asked = select(scores).where(scores.c.subject == Subject.INSTITUTION.value, scores.c.month <= month).order_by(scores.c.month)
    newest: dict[tuple[str, str], Score] = {}
    for row in rows(connection, asked):
        newest[row["subject_id"], row["model"]] = score_of(row)
    found: dict[str, list[Score]] = {}
    for score in sorted(newest.values(), key=lambda each: (each.subject_id, -each.permille, each.model)):
        found.setdefault(score.subject_id, []).append(score)
    return found


def month_leads(connection: Connection, month: str, limit: int) -> tuple[list[Lead], int]:
    """Leads of each kind's newest month up to `month`, the strongest first, at most `limit`; and how many there are."""
    newest = select(func.max(lead_runs.c.month)).where(lead_runs.c.kind == leads.c.kind, lead_runs.c.month <= month).correlate(leads)
    wanted = leads.c.month == newest.scalar_subquery()
    total = connection.execute(select(func.count()).select_from(leads).where(wanted)).scalar_one()
    asked = select(leads).where(wanted).order_by(leads.c.strength.desc(), leads.c.lead_id).limit(limit)
    return [lead_of(row) for row in rows(connection, asked)], int(total)


def decided_cases(connection: Connection, first: date, last: date) -> Sequence[str]:
    """Ids of cases with a decided line of these service dates."""
    line = and_(case_lines.c.service_date.between(first, last), case_lines.c.present, case_lines.c.decision.is_not(None))
    return list(connection.execute(select(case_lines.c.case_id).where(line).distinct().order_by(case_lines.c.case_id)).scalars())


def last_record(connection: Connection) -> tuple[int, datetime] | None:
    """Number and moment of the newest record of the audit log: what the database says is said as of then; None before the first."""
    found = connection.execute(select(audit.c.seq, audit.c.at).order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    return None if found is None else (int(found.seq), found.at)


def _of_dates(first: date, last: date) -> ColumnElement[bool]:
    line = and_(case_lines.c.case_id == cases.c.case_id, case_lines.c.present, case_lines.c.service_date.between(first, last))
    return exists().where(line)

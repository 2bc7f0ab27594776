"""Reading cases: by id, as a page of the queue, with their findings and history. The scope is the first argument of every query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from xiezhi.domain.actor import Scope, region_prefix
from xiezhi.domain.case import Case, CaseLine, State
from xiezhi.domain.finding import Finding
from xiezhi.domain.queue import QueueFilter, QueueRow
from xiezhi.storage.sql import finding_rows
from xiezhi.storage.sql.asking import chunks, rows
from xiezhi.storage.sql.case_rows import case_of, line_of, queue_row
from xiezhi.storage.sql.models import case_lines, cases, decisions, findings_current
from xiezhi.storage.sql.scoped import in_region, within


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision of the history of a case."""

    finding_id: str
    line_id: str
    decision: str
    reason: str
    note: str
    actor: str
    at: datetime
    simulated: bool
    sample: str


def load_cases(connection: Connection, scope: Scope, case_ids: Sequence[str]) -> dict[str, Case]:
    """Cases by id with their lines, as far as they exist inside the scope."""
    found: dict[str, Case] = {}
    for part in chunks(case_ids):
        asked = select(cases).where(cases.c.case_id.in_(part), within(scope, cases.c.institution_code, cases.c.region))
        heads = {row["case_id"]: row for row in rows(connection, asked)}
        lines: dict[str, list[CaseLine]] = {case_id: [] for case_id in heads}
        for row in rows(connection, select(case_lines).where(case_lines.c.case_id.in_(list(heads)))):
            lines[row["case_id"]].append(line_of(row))
        found.update((case_id, case_of(row, lines[case_id])) for case_id, row in heads.items())
    return found


def load_findings(connection: Connection, scope: Scope, case_id: str) -> list[Finding]:
    """The newest row of every finding of a case, whatever its status; none outside the scope."""
    inside = select(cases.c.case_id).where(cases.c.case_id == case_id, within(scope, cases.c.institution_code, cases.c.region))
    asked = select(findings_current).where(findings_current.c.case_id.in_(inside)).order_by(findings_current.c.finding_id)
    return [finding_rows.from_row(row).finding for row in rows(connection, asked)]


def load_decisions(connection: Connection, scope: Scope, case_id: str) -> list[PastDecision]:
    """All decisions about a case, oldest first, also those that later ones replaced; none outside the scope."""
    inside = select(cases.c.case_id).where(cases.c.case_id == case_id, within(scope, cases.c.institution_code, cases.c.region))
    columns = (decisions.c[name] for name in PastDecision.__slots__)
    return [
        PastDecision(*row) for row in connection.execute(select(*columns).where(decisions.c.case_id.in_(inside)).order_by(decisions.c.id))
    ]


def queue_page(connection: Connection, scope: Scope, wanted: QueueFilter, after: tuple[int, str] | None, limit: int) -> list[QueueRow]:
    """Rows by falling priority, then falling id, that come after a place; one index walk, whatever the page."""
    asked = select(cases).where(*_conditions(scope, wanted))
    if after is not None:
        priority, case_id = after
        asked = asked.where(
            cases.c.priority <= priority, or_(cases.c.priority < priority, and_(cases.c.priority == priority, cases.c.case_id < case_id))
        )
    asked = asked.order_by(cases.c.priority.desc(), cases.c.case_id.desc()).limit(limit)
    return [queue_row(row) for row in rows(connection, asked)]


def queue_totals(connection: Connection, scope: Scope, wanted: QueueFilter) -> tuple[int, int, int]:
    """Cases, fen at stake and fen confirmed behind a filter."""
    sums = func.count(), func.coalesce(func.sum(cases.c.amount_fen), 0), func.coalesce(func.sum(cases.c.confirmed_fen), 0)
    found = connection.execute(select(*sums).select_from(cases).where(*_conditions(scope, wanted))).one()
    return int(found[0]), int(found[1]), int(found[2])


def by_institution(connection: Connection, scope: Scope) -> list[tuple[str, int, int, int, int]]:
    """For each institution: code, cases, waiting cases, fen at stake, fen confirmed; the most confirmed first."""
    waiting = func.sum(case((cases.c.state.in_(["open", "in_review", "reopened"]), 1), else_=0))
    amounts = func.sum(cases.c.amount_fen), func.sum(cases.c.confirmed_fen)
    asked = (
        select(cases.c.institution_code, func.count(), waiting, *amounts)
        .where(within(scope, cases.c.institution_code, cases.c.region))
        .group_by(cases.c.institution_code)
    )
    found = [(str(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in connection.execute(asked)]
    return sorted(found, key=lambda row: (-row[4], -row[3], row[0]))


def _conditions(scope: Scope, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions = [within(scope, cases.c.institution_code, cases.c.region)]
    if len(wanted.states) == 1:
        conditions.append(cases.c.state == wanted.states[0].value)
    elif wanted.states and set(wanted.states) != set(State):
        # Not the bare column: a planner would collect the rows of each state by index and sort them all instead of walking by priority.
        conditions.append(func.coalesce(cases.c.state, "").in_([state.value for state in wanted.states]))
    if wanted.region:
        conditions.append(in_region(cases.c.region, region_prefix(wanted.region)))
    equal = {"verdict": wanted.verdict, "institution_code": wanted.institution, "kind": wanted.kind, "assigned_to": wanted.assigned_to}
    conditions += [cases.c[name] == value for name, value in equal.items() if value]
    if wanted.rule_id:
        line = and_(case_lines.c.case_id == cases.c.case_id, case_lines.c.rule_id == wanted.rule_id, case_lines.c.present)
        conditions.append(exists().where(line))
    if wanted.least_fen is not None:
        conditions.append(cases.c.amount_fen >= wanted.least_fen)
    if wanted.most_fen is not None:
        conditions.append(cases.c.amount_fen <= wanted.most_fen)
    return conditions

"""Scores and leads on one database: `SignalStore` of `xiezhi.ports`, and what pages ask beside it, inside a scope.

A lead is inside a scope when one of its institutions is: what ties two regions together would otherwise be seen by neither. A newer
month of a kind hides the older ones, also where it found nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select

from xiezhi.domain.actor import Scope
from xiezhi.domain.signal import Lead, Score, Subject
from xiezhi.storage.sql.asking import chunks, rows
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.models import lead_runs, lead_subjects, leads, scores
from xiezhi.storage.sql.scoped import within
from xiezhi.storage.sql.signal_rows import lead_of, lead_row, score_of, score_row, subject_rows

Named = tuple[Subject, str]
"""Kind and id of a subject."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead as a list shows it; `members` counts them, `amount_fen` is the money of the visits concerned."""

    lead_id: str
    kind: str
    month: str
    strength: int
    members: int
    amount_fen: int
    first: date
    last: date
    title_zh: str
    title_en: str


class SqlSignalStore:
    """Scores and leads on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put_scores(self, model: str, month: str, given: Sequence[Score]) -> None:
        """Replace all scores of a model and month, in one transaction.

        Raises:
            ValueError: a score of another model or month.
        """
        if any((each.model, each.month) != (model, month) for each in given):
            raise ValueError(f"scores that are not of {model} {month}")
        with self.database.write() as connection:
            connection.execute(delete(scores).where(scores.c.model == model, scores.c.month == month))
            if given:
                connection.execute(insert(scores), [score_row(each) for each in given])

    def put_leads(self, kinds: Sequence[str], month: str, given: Sequence[Lead]) -> None:
        """Replace all leads of these kinds and month, in one transaction.

        Raises:
            ValueError: a lead of another kind or month.
        """
        if any(each.kind not in kinds or each.month != month for each in given):
            raise ValueError(f"leads that are not of {', '.join(kinds)} {month}")
        with self.database.write() as connection:
            old = select(leads.c.lead_id).where(leads.c.kind.in_(kinds), leads.c.month == month)
            connection.execute(delete(lead_subjects).where(lead_subjects.c.lead_id.in_(old)))
            connection.execute(delete(leads).where(leads.c.kind.in_(kinds), leads.c.month == month))
            connection.execute(delete(lead_runs).where(lead_runs.c.kind.in_(kinds), lead_runs.c.month == month))
            counts = {kind: sum(each.kind == kind for each in given) for kind in sorted(set(kinds))}
            if counts:
                connection.execute(insert(lead_runs), [{"kind": kind, "month": month, "leads": n} for kind, n in counts.items()])
            if given:
                connection.execute(insert(leads), [lead_row(each) for each in given])
                connection.execute(insert(lead_subjects), [row for each in given for row in subject_rows(each)])

    def scores_of(self, subjects: Sequence[Named]) -> dict[Named, list[Score]]:
        """The newest score of every model, by subject; models in alphabetical order, subjects without a score absent."""
        with self.database.read() as connection:
            return scores_of(connection, subjects)

    def leads_of(self, subjects: Sequence[Named]) -> dict[Named, list[Lead]]:
        """Leads of the newest month of each kind whose members or institutions the subjects are, strongest first."""
        with self.database.read() as connection:
            return leads_of(connection, Scope.all(), subjects)


def scores_of(connection: Connection, subjects: Sequence[Named]) -> dict[Named, list[Score]]:
    """As the method; within a transaction of the caller. Who may see a subject is for the caller to know."""
    found: dict[Named, dict[str, Score]] = {}
    for kind in Subject:
        for part in chunks(dict.fromkeys(subject_id for subject, subject_id in subjects if subject is kind)):
            asked = select(scores).where(scores.c.subject == kind.value, scores.c.subject_id.in_(part)).order_by(scores.c.month)
            for row in rows(connection, asked):  # by month, so the newest of a model stays
                found.setdefault((kind, row["subject_id"]), {})[row["model"]] = score_of(row)
    return {subject: [by_model[model] for model in sorted(by_model)] for subject, by_model in found.items()}


def leads_of(connection: Connection, scope: Scope, subjects: Sequence[Named]) -> dict[Named, list[Lead]]:
    """As the method, inside a scope; within a transaction of the caller."""
    found: dict[Named, list[Lead]] = {}
    made: dict[str, Lead] = {}
    for kind in Subject:
        for part in chunks(dict.fromkeys(subject_id for subject, subject_id in subjects if subject is kind)):
            asked = (
                select(leads, lead_subjects.c.subject_id)
                .join(lead_subjects, lead_subjects.c.lead_id == leads.c.lead_id)
                .where(lead_subjects.c.subject == kind.value, lead_subjects.c.subject_id.in_(part), _newest(), _inside(scope))
                .order_by(leads.c.strength.desc(), leads.c.lead_id)
            )
            for row in rows(connection, asked):
                if row["lead_id"] not in made:
                    made[row["lead_id"]] = lead_of(row)
                found.setdefault((kind, row["subject_id"]), []).append(made[row["lead_id"]])
    return found


def find_lead(connection: Connection, scope: Scope, lead_id: str) -> Lead | None:
    """A lead by id, of any month; None where there is none inside the scope."""
    found = rows(connection, select(leads).where(leads.c.lead_id == lead_id, _inside(scope)))
    return lead_of(found[0]) if found else None


def list_leads(
    connection: Connection,
    scope: Scope,
    *,
    kind: str = "",
    month: str = "",
    institution: str = "",
    after: tuple[int, str] | None = None,
    limit: int = 50,
) -> list[LeadRow]:
    """Leads by falling strength, then id, that come after a place (strength, id).

    Empty filters do not restrict, but without a month only the newest of each kind is shown.
    """
    conditions: list[ColumnElement[bool]] = [_inside(scope), leads.c.month == month if month else _newest()]
    if kind:
        conditions.append(leads.c.kind == kind)
    if institution:
        conditions.append(_has(lead_subjects.c.subject_id == institution))
    if after is not None:
        strength, lead_id = after
        conditions.append(or_(leads.c.strength < strength, and_(leads.c.strength == strength, leads.c.lead_id > lead_id)))
    columns = (leads.c[name] for name in LeadRow.__slots__)
    asked = select(*columns).where(*conditions).order_by(leads.c.strength.desc(), leads.c.lead_id).limit(limit)
    return [LeadRow(*row) for row in connection.execute(asked)]


def lead_choices(connection: Connection, scope: Scope) -> tuple[list[str], list[str]]:
    """Kinds and months (newest first) of the leads inside the scope, for the filters of a list."""
    found = list(connection.execute(select(leads.c.kind, leads.c.month).where(_inside(scope)).distinct()))
    return sorted({str(row[0]) for row in found}), sorted({str(row[1]) for row in found}, reverse=True)


def _has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    place: list[Any] = [lead_subjects.c.lead_id == leads.c.lead_id, lead_subjects.c.subject == Subject.INSTITUTION.value]
    return exists().where(*place, condition).correlate(leads)


def _inside(scope: Scope) -> ColumnElement[bool]:
    inside = within(scope, lead_subjects.c.subject_id, lead_subjects.c.region)
    return inside if scope.everything else _has(inside)


def _newest() -> ColumnElement[bool]:
    newest = select(func.max(lead_runs.c.month)).where(lead_runs.c.kind == leads.c.kind).correlate(leads)
    return leads.c.month == newest.scalar_subquery()

"""Institutions with their cases and ratings: the list, and the page of one with its rating, the reasons, the events behind it."""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import Response

from supervision_ui.queries.institutions import institution_names
from supervision_ui.queries.signals import signals_document, signals_of
from supervision_ui.visit import Refused, Visit
from xiezhi.domain.credit import Rating
from xiezhi.domain.queue import QueueFilter
from xiezhi.domain.signal import Subject
from xiezhi.services.queue import read_queue
from xiezhi.storage.sql import credit_rows
from xiezhi.storage.sql.case_reader import by_institution
from xiezhi.storage.sql.models import credit_events

EVENTS, CASES = 200, 20
"""Events (the newest) and waiting cases (the first of the queue) that the page of an institution shows."""


def listing(visit: Visit) -> Response:
    """All institutions with cases, the most confirmed money first."""
    actor = visit.reader()
    with visit.desk.database.read() as connection:
        rows = by_institution(connection, actor.scope)
        ratings = credit_rows.ratings(connection, "institution", [row[0] for row in rows])
    names = institution_names(visit.desk.claims, [row[0] for row in rows])
    fields = ("institution_code", "cases", "waiting", "amount_fen", "confirmed_fen")
    listed = [
        {
            **dict(zip(fields, row, strict=True)),
            "name": names[row[0]].name,
            "level": names[row[0]].level,
            "rating": _short(ratings.get(row[0])),
        }
        for row in rows
    ]
    return visit.answer("institutions.html", {"institutions": listed}, {"rows": listed, "full": visit.desk.scheme.full})


def show(visit: Visit) -> Response:
    """The page of one institution."""
    actor, code, desk = visit.reader(), str(visit.request.path_params["code"]), visit.desk
    wanted = QueueFilter(institution=code)
    found = None
    if actor.scope.allows(code):
        with desk.database.read() as connection:
            found = next((row for row in by_institution(connection, actor.scope) if row[0] == code), None)
            signals = signals_of(connection, actor.scope, [(Subject.INSTITUTION, code)]) if visit.sees_signals else None
            history = credit_rows.history(connection, "institution", code)
            mine = credit_events.c.subject_kind == "institution", credit_events.c.subject_id == code
            events = credit_rows.events(connection, *mine)[::-1]
    if found is None:  # outside the scope is told like absent
        raise Refused.with_status(404, "没有这个机构")
    page = read_queue(desk.store, actor, wanted, limit=CASES)
    rating = history[-1][1] if history else None
    sums = dict(zip(("cases", "waiting", "amount_fen", "confirmed_fen"), found[1:], strict=True))
    named = institution_names(desk.claims, [code])[code]
    document = {
        "institution_code": code,
        "name": named.name,
        "level": named.level,
        **sums,
        "rating": asdict(rating) if rating else None,
        "signals": signals_document(signals) if signals else None,
        "history": [{"at": at, "score": each.score, "grade": each.grade, "veto": each.veto} for at, each in history],
        "events": [asdict(event) for event in events[:EVENTS]],
    }
    content = {
        "named": named,
        "sums": sums,
        "rating": rating,
        "signals": signals,
        "history": history[::-1],
        "events": events[:EVENTS],
        "events_left_out": len(events[EVENTS:]),
        "cases": page.rows,
        "scheme": desk.scheme,
        "dimensions": [
            (label[visit.lang == "en"], weight, next((r for r in (rating.reasons if rating else ()) if r.dimension == name), None))
            for name, weight in desk.scheme.dimensions.items()
            for label in [desk.scheme.labels.get(name, (name, name))]
        ],
    }
    return visit.answer("institution.html", document, content)


def _short(rating: Rating | None) -> dict[str, object] | None:
    return {"score": rating.score, "grade": rating.grade, "veto": rating.veto} if rating else None

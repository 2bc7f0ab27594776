"""Leads: the list with filters, and the page of one with its evidence, members, drawing and tables."""

from __future__ import annotations

import re
from dataclasses import asdict
from urllib.parse import urlencode

from starlette.responses import Response

from supervision_ui.queries.institutions import institution_names
from supervision_ui.queries.network import draw
from supervision_ui.queries.signals import lead_document, relation_rows, shown_id
from supervision_ui.visit import Refused, Visit
from xiezhi.domain.signal import Subject
from xiezhi.storage.sql.signals import find_lead, lead_choices, list_leads

ROWS = 50
FILTERS = ("kind", "month", "institution")


def listing(visit: Visit) -> Response:
    """Leads inside the scope, the strongest first."""
    actor = visit.signal_reader()
    query = visit.request.query_params
    asked = {name: query.get(name, "").strip()[:64] for name in FILTERS}
    after = _place(query.get("after", ""))
    with visit.desk.database.read() as connection:
        rows = list_leads(connection, actor.scope, **asked, after=after, limit=ROWS + 1)
        kinds, months = lead_choices(connection, actor.scope)
    page = rows[:ROWS]
    following = f"{page[-1].strength}.{page[-1].lead_id}" if len(rows) > ROWS else ""
    kept = {name: value for name, value in asked.items() if value}
    document = {"indicator_only": True, "leads": [asdict(row) for row in page], "next": following}
    content = {
        "rows": page,
        "asked": asked,
        "kinds": kinds,
        "months": months,
        "next_page": urlencode({**kept, "after": following}) if following else "",
        "first_page": urlencode(kept) if after else None,
    }
    return visit.answer("leads.html", document, content)


def show(visit: Visit) -> Response:
    """The page of one lead."""
    actor, desk = visit.signal_reader(), visit.desk
    with desk.database.read() as connection:
        lead = find_lead(connection, actor.scope, str(visit.request.path_params["lead_id"]))
    if lead is None:  # outside the scope is told like absent
        raise Refused.with_status(404, "没有这条线索")
    codes = {*lead.institutions, *(each.subject_id for each in lead.members if each.subject is Subject.INSTITUTION)}
    numbers = {member.subject_id: number for number, member in enumerate(lead.members, 1)}
    content = {
        "lead": lead,
        "members": [(numbers[each.subject_id], each, shown_id(each.subject, each.subject_id)) for each in lead.members],
        "names": institution_names(desk.claims, codes),
        "inside": {code for code in codes if actor.scope.allows(code)},
        "drawing": draw(lead.members, lead.relations),
        "relations": relation_rows(lead, numbers),
        "measures": {name: value for name, value in lead.measures.items() if name not in ("observed", "expected", "amount_fen")},
    }
    return visit.answer("lead.html", lead_document(lead), content)


def _place(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,9})\.(L[0-9a-f]{1,31})", text)
    if found is None:
        raise Refused.with_status(422, "翻页位置无法读取")
    return int(found[1]), found[2]

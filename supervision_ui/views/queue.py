"""The queue: waiting cases by priority, with filters, and pages that continue from a place in the order."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from supervision_ui.queries.institutions import institution_names
from supervision_ui.queries.signals import factors_document
from supervision_ui.visit import Refused, Visit
from supervision_ui.words import WORDS
from xiezhi.domain.actor import READERS
from xiezhi.domain.case import State
from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.domain.finding import VERDICT_RANK
from xiezhi.domain.money import fen
from xiezhi.domain.queue import WAITING, QueueFilter
from xiezhi.services.queue import read_queue

ROWS = 50
FILTERS = ("state", "verdict", "rule", "institution", "region", "least")


def home(visit: Visit) -> Response:
    """To the queue, which every reader works from."""
    if visit.actor.role in READERS:
        return RedirectResponse("/queue", status_code=303)
    raise Refused.with_status(403, "本账号的角色不能查看案件")


def queue(visit: Visit) -> Response:
    """One page of the queue."""
    actor = visit.reader()
    asked = {name: visit.request.query_params.get(name, "").strip() for name in FILTERS}
    wanted = wanted_of(asked)
    page = read_queue(visit.desk.store, actor, wanted, visit.request.query_params.get("after", ""), ROWS)
    total = visit.desk.store.totals(actor.scope, wanted)
    counts = {state.value: visit.desk.store.totals(actor.scope, QueueFilter((state,)))[0] for state in State}
    counts = {"": sum(counts[state.value] for state in WAITING), **counts, "all": sum(counts.values())}
    kept = {name: value for name, value in asked.items() if value}
    rows = [
        {**{name: getattr(row, name) for name in row.__slots__}, "factors": factors_document(row.factors, visit.sees_signals)}
        for row in page.rows
    ]
    document = {"cases": rows, "next": page.next, "total": dict(zip(("cases", "amount_fen", "confirmed_fen"), total, strict=True))}
    if visit.wants_json:
        return visit.answer("", document, {})
    names = institution_names(visit.desk.claims, [row.institution_code for row in page.rows])
    content = {
        "rows": page.rows,
        "names": names,
        "total": total,
        "counts": counts,
        "tabs": [(key, _tab(key), urlencode({**kept, "state": key})) for key in counts],
        "asked": asked,
        "rules": sorted(visit.desk.rules.rules.values(), key=lambda rule: rule.title),
        "verdicts": list(VERDICT_RANK),
        "next_page": urlencode({**kept, "after": page.next}) if page.next else "",
        "first_page": urlencode(kept) if visit.request.query_params.get("after") else None,
    }
    return visit.answer("queue.html", document, content)


def wanted_of(asked: Mapping[str, str]) -> QueueFilter:
    """The filter of a query string; raises `UsageError` for a value that is none."""
    state, verdict = asked["state"], asked["verdict"]
    if state and state != "all" and state not in list(State):
        raise UsageError.of(f"state {state}", accepted=", ".join([*State, "all"]))
    if verdict and verdict not in VERDICT_RANK:
        raise UsageError.of(f"verdict {verdict}", accepted=", ".join(VERDICT_RANK))
    states = WAITING if not state else tuple(State) if state == "all" else (State(state),)
    try:
        least = fen(asked["least"]) if asked["least"] else None
    except (ValueError, ArithmeticError, XiezhiError) as error:
        raise UsageError.of(f"least {asked['least']}", accepted="yuan, such as 100 or 99.50") from error
    return QueueFilter(states, asked["rule"], verdict, asked["institution"], asked["region"], least_fen=least)


def _tab(key: str) -> str:
    return {"": "待办", "all": "全部"}.get(key) or WORDS["state"][key]

"""The application: routes, and what every request passes: session, language, form with its token, headers, errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from supervision_ui.desk import Desk
from supervision_ui.views import case, institution, lead, login, queue
from supervision_ui.visit import Refused, Visit
from supervision_ui.words import LANGUAGES
from xiezhi.domain.case import Conflict
from xiezhi.domain.errors import ServiceUnreachable, UsageError, XiezhiError
from xiezhi.settings import Settings
from xiezhi.storage.sql.users import find_user

MOST_BYTES = 1 << 20
"""The longest form."""
SESSION, LANG = "xz_session", "xz_lang"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
View = Callable[[Visit], Response]


def create_app(settings: Settings) -> Starlette:
    """The ASGI application over the data of these settings; raises as `Desk.of`."""
    desk = Desk.of(settings)

    def page(path: str, view: View, methods: tuple[str, ...] = ("GET",), public: bool = False) -> list[Route]:
        endpoint = _endpoint(desk, view, public)
        paths = [path] if path == "/" or methods == ("POST",) else [path, path + ".json"]
        return [Route(each, endpoint, methods=list(methods)) for each in reversed(paths)]

    routes = [
        Route("/healthz", lambda request: PlainTextResponse("ok\n")),
        *page("/", queue.home),
        *page("/login", login.login, ("GET", "POST"), public=True),
        *page("/logout", login.logout, ("POST",)),
        *page("/queue", queue.queue),
        *page("/cases/{case_id}", case.show),
        *page("/cases/{case_id}/decide", case.decide, ("POST",)),
        *page("/cases/{case_id}/take", case.take, ("POST",)),
        *page("/cases/{case_id}/release", case.release, ("POST",)),
        *page("/cases/{case_id}/reopen", case.reopen, ("POST",)),
        *page("/cases/{case_id}/reveal", case.reveal, ("POST",)),
        *page("/leads", lead.listing),
        *page("/leads/{lead_id}", lead.show),
        *page("/institutions", institution.listing),
        *page("/institutions/{code}", institution.show),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)])
    app.state.desk = desk
    return app


def _endpoint(desk: Desk, view: View, public: bool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        lang = request.query_params.get("lang") or request.cookies.get(LANG) or desk.settings.lang
        visit = Visit(request, desk, lang if lang in LANGUAGES else desk.settings.lang, datetime.now())
        try:
            if request.method == "POST":
                visit.form = await _form(request)
            response = await run_in_threadpool(_serve, visit, view, public)
        except Exception as error:
            response = _failed(visit, error)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers["Cache-Control"] = "no-store"
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANG, visit.lang, max_age=31_536_000, samesite="lax", httponly=True)
        return response

    return endpoint


def _serve(visit: Visit, view: View, public: bool) -> Response:
    """Find out who asks, then let the view answer."""
    visit.session = visit.desk.sessions.find(visit.request.cookies.get(SESSION, ""), visit.at)
    if visit.session is not None:
        try:  # asked anew each time: a role that was changed or an account switched off counts at once
            visit.known_as = find_user(visit.desk.database, visit.session.username).actor
        except UsageError:
            visit.session = None
    if visit.request.method == "POST":
        _same_origin(visit.request)
    if not public:
        if visit.session is None:
            return visit.error(401, visit._("请先登录"), []) if visit.wants_json else RedirectResponse("/login", status_code=303)
        if visit.request.method == "POST":
            visit.check_csrf()
    return view(visit)


def _same_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Refused.with_status(403, "请求来自其他网站")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; of a name that comes twice the last counts."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused.with_status(413, "表单过大")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20_000))
    except ValueError:
        raise Refused.with_status(400, "表单无法读取") from None


def _failed(visit: Visit, error: Exception) -> Response:
    """The error as a page or twin; what is not ours is raised on."""
    if isinstance(error, Refused):
        return visit.error(error.status, visit._(error.problems[0].what), [])
    if isinstance(error, Conflict):
        return visit.error(409, visit._("案件已被他人更改，请重新打开后再审核"), [str(error)])
    if isinstance(error, ServiceUnreachable):
        return visit.error(503, visit._("数据库暂不可用"), [str(error)])
    if isinstance(error, XiezhiError):
        return visit.error(422, visit._("未能执行"), [str(error)])
    raise error

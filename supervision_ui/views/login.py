"""Signing in and out."""

from __future__ import annotations

import hmac
import secrets
import threading

from starlette.responses import RedirectResponse, Response

from supervision_ui.visit import Refused, Visit
from xiezhi.storage.sql.users import authenticate

SESSION, BEFORE = "xz_session", "xz_login"
_AT_ONCE = threading.BoundedSemaphore(2)
"""Passwords checked at once: each costs a core a fraction of a second and some 64 MB."""


def login(visit: Visit) -> Response:
    """The form, and what it sends: name and password, with the token of the page (also in a cookie)."""
    if visit.request.method == "POST":
        return _sign_in(visit)
    if visit.session is not None:
        return RedirectResponse("/", status_code=303)
    return _form(visit, "", 200)


def logout(visit: Visit) -> Response:
    """Forget the session."""
    visit.desk.sessions.end(visit.request.cookies.get(SESSION, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(SESSION)
    return response


def _form(visit: Visit, message: str, status: int) -> Response:
    token = secrets.token_urlsafe(24)
    document = {"ok": not message, "error": message, "fields": ["username", "password"]}
    response = visit.answer("login.html", document, {"message": message, "token": token, "signing_in": True}, status)
    response.set_cookie(BEFORE, token, httponly=True, samesite="strict", secure=_by_tls(visit))
    return response


def _sign_in(visit: Visit) -> Response:
    token = visit.request.cookies.get(BEFORE, "")
    if not token or not hmac.compare_digest(token.encode(), visit.form.get("csrf", "").encode()):
        raise Refused.with_status(403, "表单已过期，请刷新页面重试")
    with _AT_ONCE:
        actor = authenticate(visit.desk.database, visit.form.get("username", ""), visit.form.get("password", ""), visit.at)
    if actor is None:
        return _form(visit, visit._("账号或口令不符，或因多次失败暂停使用"), 401)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(SESSION, visit.desk.sessions.begin(actor.username, visit.at), httponly=True, samesite="lax", secure=_by_tls(visit))
    response.delete_cookie(BEFORE)
    return response


def _by_tls(visit: Visit) -> bool:
    return visit.request.url.scheme == "https"

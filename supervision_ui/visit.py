"""One request of one person: who asks, in which language, and how the answer is written (page, its JSON twin, or an error of either)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from supervision_ui import words
from supervision_ui.desk import Desk
from supervision_ui.sessions import Session
from xiezhi.domain.actor import READERS, REVEALERS, Actor
from xiezhi.domain.errors import Problem, XiezhiError


class Refused(XiezhiError):
    """A request that is not answered; `status` is the HTTP status."""

    status = 400

    @classmethod
    def with_status(cls, status: int, message: str) -> Refused:
        """A refusal with a status and a Chinese message of the catalogue."""
        made = cls([Problem(message)])
        made.status = status
        return made


@dataclass
class Visit:
    """What a view gets. `session` and `actor` are None on the login page only."""

    request: Request
    desk: Desk
    lang: str
    at: datetime
    session: Session | None = None
    known_as: Actor | None = None
    form: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def actor(self) -> Actor:
        """Who asks; raises `Refused` where nobody is signed in."""
        if self.known_as is None:
            raise Refused.with_status(401, "请先登录")
        return self.known_as

    @property
    def wants_json(self) -> bool:
        """Whether the twin is asked for: by the path or by the header Accept."""
        accept = self.request.headers.get("accept", "")
        return self.request.url.path.endswith(".json") or accept.split(",")[0].split(";")[0].strip() == "application/json"

    def reader(self) -> Actor:
        """Who asks, where the role may read cases; raises `Refused` otherwise."""
        if self.actor.role not in READERS:
            raise Refused.with_status(403, "本账号的角色不能查看案件")
        return self.actor

    @property
    def sees_signals(self) -> bool:
        """Whether scores and leads are shown: to those who judge cases, not to institutions."""
        return self.known_as is not None and self.known_as.role in REVEALERS

    def signal_reader(self) -> Actor:
        """Who asks, where the role may see scores and leads; raises `Refused` otherwise."""
        actor = self.reader()
        if not self.sees_signals:
            raise Refused.with_status(403, "本账号的角色不能查看线索")
        return actor

    def check_csrf(self) -> None:
        """Refuse a form that did not come from a page of this session."""
        token = self.session.csrf if self.session else ""
        if not token or not hmac.compare_digest(token.encode(), self.form.get("csrf", "").encode()):
            raise Refused.with_status(403, "表单已过期，请刷新页面重试")

    def _(self, text: str) -> str:
        return words.translate(text, self.lang)

    def answer(self, template: str, document: Mapping[str, Any], page: Mapping[str, Any], status: int = 200) -> Response:
        """The page, or its twin.

        Args:
            template: name of the template.
            document: the twin; plain values.
            page: what the template gets beside the frame.
            status: HTTP status.
        """
        if self.wants_json:
            return JSONResponse(plain(document), status_code=status)
        path = self.request.url.path
        query = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        other = "en" if self.lang == "zh" else "zh"
        where = path if self.request.method == "GET" else self.request.headers.get("referer", "/")
        frame: dict[str, Any] = {
            "_": self._,
            "word": partial(words.word, lang=self.lang),
            "lang": self.lang,
            "path": path,
            "other_lang": f"{where.split('?')[0]}?{urlencode([*query, ('lang', other)])}",
            "csrf": self.session.csrf if self.session else "",
            "actor": self.known_as,
            "sees_signals": self.sees_signals,
            "notices": self.session.take_notice() if self.session else [],
        }
        return HTMLResponse(environment().get_template(template).render(frame | dict(page)), status_code=status)

    def error(self, status: int, message: str, details: list[str]) -> Response:
        """An error as page or twin."""
        document = {"ok": False, "status": status, "error": message, "errors": details}
        return self.answer("error.html", document, {"status": status, "message": message, "details": details}, status)

    def go(self, path: str, *notice: str) -> Response:
        """To another page, with something to say there."""
        if self.session:
            self.session.notice.extend(notice)
        return RedirectResponse(path, status_code=303)


@cache
def environment() -> jinja2.Environment:
    """Templates with every value escaped; a name that is not given is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(money=words.money, number=words.number, factor=words.factor, measure=words.measure)
    return made


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, enums as their value, mappings and sequences through and through."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return value

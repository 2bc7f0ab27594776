"""The gateway as an ASGI application: five paths, no framework."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from email.message import Message
from typing import Any

from streaming.gateway.credentials import refusal
from streaming.gateway.reading import MAX_BYTES
from streaming.gateway.service import Gateway

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_PATHS = {"/fsi": "", "/fsi/3101": "3101", "/fsi/3102": "3102", "/fsi/3103": "3103"}
_JSON = b"application/json; charset="


class Application:
    """ASGI application of one gateway; `keys` are the senders' HMAC keys, empty for none."""

    def __init__(self, gateway: Gateway, keys: Mapping[str, bytes]) -> None:
        self.gateway, self.keys = gateway, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self.gateway.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.gateway.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in _PATHS:
            if method != "POST":
                await respond(send, 405, b"POST\n", b"text/plain; charset=utf-8")
                return
            await self._transact(scope, receive, send, _PATHS[path])
        elif method not in ("GET", "HEAD"):
            await respond(send, 404, b"not found\n", b"text/plain; charset=utf-8")
        elif path == "/healthz":
            await respond(send, 200, b"ok\n", b"text/plain; charset=utf-8")
        elif path == "/readyz":
            missing = self.gateway.unready()
            text = json.dumps({"ready": not missing, "missing": missing}, ensure_ascii=False).encode()
            await respond(send, 503 if missing else 200, text, _JSON + b"utf-8")
        elif path == "/metrics":
            await respond(send, 200, self.gateway.metrics.text().encode(), b"text/plain; version=0.0.4; charset=utf-8")
        else:
            await respond(send, 404, b"not found\n", b"text/plain; charset=utf-8")

    async def _transact(self, scope: Scope, receive: Receive, send: Send, infno: str) -> None:
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        body = await read_body(receive)
        if body is None:  # the sender has gone
            return
        name = charset_of(headers.get("content-type", ""))
        codec = CHARSETS.get(name)
        refused = "" if codec else f"Content-Type：不支持的字符集 {name[:40]}"
        refused = refused or refusal(self.keys, headers, scope["path"], body, int(time.time() * 1000))
        answer = await self.gateway.answer(body, infno, codec or "utf-8", refused)
        if codec == "gb18030":
            answer = answer.decode().encode(codec)
        kind = _JSON + (b"gb18030" if codec == "gb18030" else b"utf-8")
        await respond(send, 200, answer, kind, close=len(body) > MAX_BYTES)


def charset_of(content_type: str) -> str:
    """The charset of a Content-Type header in small letters; utf-8 where it names none.

    >>> charset_of('application/json; charset="GBK"')
    'gbk'
    """
    if "charset" not in content_type.lower():
        return "utf-8"
    header = Message()
    header["content-type"] = content_type
    return str(header.get_content_charset("utf-8"))


async def read_body(receive: Receive) -> bytes | None:
    """The body, or its beginning just beyond the limit; None where the connection ended."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        part: bytes = event.get("body", b"")
        parts.append(part)
        size += len(part)
        if not event.get("more_body") or size > MAX_BYTES:
            return b"".join(parts)


async def respond(send: Send, status: int, body: bytes, kind: bytes, close: bool = False) -> None:
    """One response with its length."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

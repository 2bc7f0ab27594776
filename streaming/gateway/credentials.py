"""Who may ask: HMAC keys of senders. Without keys the gateway listens on the loopback address only.

A sender signs `timestamp + "\\n" + path + "\\n" + body` with HMAC-SHA256 and sends `_api_access_key`, `_api_timestamp` (milliseconds
since 1970-01-01 UTC) and `_api_signature` (hexadecimal), the header names of the national gateway.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping

from xiezhi.domain.errors import UsageError

SKEW_MS = 300_000
"""A signature is good for five minutes before and after its timestamp."""


def read_keys(text: str) -> dict[str, bytes]:
    """Keys from `id:secret,id:secret`; raises `UsageError` without repeating any secret."""
    keys: dict[str, bytes] = {}
    for number, part in enumerate((piece for piece in text.split(",") if piece.strip()), 1):
        name, colon, secret = part.strip().partition(":")
        if not colon or not name or len(secret) < 16:
            raise UsageError.of(f"key {number} of XIEZHI_GATEWAY_KEYS", accepted="id:secret, secret of at least 16 characters")
        keys[name] = secret.encode()
    return keys


def check_address(host: str, keys: Mapping[str, bytes]) -> None:
    """Refuse to listen beyond this machine without keys; raises `UsageError`."""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and not keys:
        raise UsageError.of(
            f"没有密钥时不在 {host} 上监听 not listening on {host} without keys",
            accepted="127.0.0.1, ::1, localhost",
            todo="set XIEZHI_GATEWAY_KEYS=id:secret",
        )


def sign(secret: bytes, timestamp: str, path: str, body: bytes) -> str:
    """The signature of a request."""
    return hmac.new(secret, f"{timestamp}\n{path}\n".encode() + body, hashlib.sha256).hexdigest()


def refusal(keys: Mapping[str, bytes], headers: Mapping[str, str], path: str, body: bytes, now_ms: int) -> str:
    """Why a request is not accepted, in Chinese; empty where it is (or where no keys are set)."""
    if not keys:
        return ""
    secret = keys.get(headers.get("_api_access_key", ""))
    timestamp = headers.get("_api_timestamp", "")
    if secret is None:
        return "_api_access_key：未知的密钥"
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 16 and abs(int(timestamp) - now_ms) <= SKEW_MS):
        return "_api_timestamp：缺少，或与本机时间相差超过 5 分钟"
    given = headers.get("_api_signature", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, sign(secret, timestamp, path, body).encode()):
        return "_api_signature：签名不符"
    return ""

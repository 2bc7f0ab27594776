"""Whatever is sent, the answer is one whole response with infcode 0 or −1, and tells nothing about the inside."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.gateway.http import Application

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40), st.just("9" * 400), st.just(10**400),
    st.sampled_from(["1", "0", "-1", "1e9999", "2026-05-01 08:00:00", "2026-02-30", "NaN", "\ud83d\ude00", "\x00", "99999999999999.99"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        found += places(child, (*path, key))
    return found


def put(message: Any, path: tuple[Any, ...], value: Any) -> None:
    node = message
    for step in path[:-1]:
        if not isinstance(node, (dict, list)) or (isinstance(node, list) and not (isinstance(step, int) and step < len(node))):
            return
        node = node.get(step) if isinstance(node, dict) else node[step]
    last = path[-1]
    if isinstance(node, dict) or (isinstance(node, list) and isinstance(last, int) and last < len(node)):
        node[last] = value


GOLDEN = json.loads((Path(__file__).parent / "golden" / "3102_over_limit.request.json").read_text("utf-8"))
PLACES = places(GOLDEN)


def send(bench: Any, path: str, body: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    async def run() -> tuple[int, bytes]:
        gateway = bench.make()
        gateway.screener = bench.loaded
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def answer(event: Any) -> None:
            sent.append(event)

        await Application(gateway, {})({"type": "http", "method": "POST", "path": path, "headers": headers}, receive, answer)
        await gateway.stop()
        return sent[0]["status"], sent[1]["body"]

    return asyncio.run(run())


def check(bench: Any, screener: Any, path: str, body: bytes, charset: bytes = b"utf-8") -> None:
    bench.loaded = screener
    status, answer = send(bench, path, body, [(b"content-type", b"application/json; charset=" + charset)])
    assert status == 200
    try:
        told = json.loads(answer)
    except UnicodeDecodeError:
        told = json.loads(answer.decode("gb18030"))
    assert told["infcode"] in (0, -1)
    assert bool(told["err_msg"]) == (told["infcode"] == -1)
    assert {"inf_refmsgid", "refmsg_time", "respond_time", "output"} <= told.keys()
    assert "Traceback" not in told["err_msg"]
    assert "内部错误" not in told["warn_msg"], "an error of ours"


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4), st.sampled_from(["/fsi", "/fsi/3101", "/fsi/3102"]))
def test_changed_messages(bench: Any, screener: Any, changes: list[tuple[tuple[Any, ...], Any]], path: str) -> None:
    message = copy.deepcopy(GOLDEN)
    for place, value in changes:
        put(message, place, value)
    check(bench, screener, path, json.dumps(message).encode())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=300), VALUES.map(lambda value: json.dumps(value).encode())),
    st.sampled_from(["/fsi", "/fsi/3102", "/fsi/3103"]),
    st.sampled_from([b"utf-8", b"gb18030", b"\xff\xfe", b'"', b"utf-16"]),
)
def test_anything_at_all(bench: Any, screener: Any, body: bytes, path: str, charset: bytes) -> None:
    check(bench, screener, path, body, charset)


@pytest.mark.parametrize("cut", range(0, 4000, 371))
def test_cut_messages(cut: int, bench: Any, screener: Any) -> None:
    check(bench, screener, "/fsi/3102", json.dumps(GOLDEN).encode()[:cut])

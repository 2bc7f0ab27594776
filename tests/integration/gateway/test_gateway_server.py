"""The real server: pages for operators, credentials, the command line."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from streaming.embedded_log import EmbeddedLog
from streaming.gateway.credentials import SKEW_MS, check_address, read_keys, refusal, sign
from streaming.topics import PRECHECKS
from xiezhi.domain.errors import UsageError


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the server: empty."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def port(place: Path) -> Iterator[int]:
    """`xiezhi gateway` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    environment = {**os.environ, "XIEZHI_HOME": str(place)}
    command = [sys.executable, "-m", "xiezhi.cli", "gateway", "--port", str(free)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", free), 1).close()
                    break
                except OSError:
                    assert server.poll() is None, server.stderr.read() if server.stderr else ""
                    assert time.monotonic() < deadline, "the server does not listen"
                    time.sleep(0.1)
            yield free
        finally:
            server.terminate()
            server.communicate(timeout=20)


def ask(port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_the_server_answers(port: int, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    status, headers, answer = ask(port, "POST", "/fsi/3102", body, {"Content-Type": "application/json"})
    told = json.loads(answer)
    assert (status, told["infcode"]) == (200, 0)
    assert "server" not in {key.lower() for key in headers}
    assert {row["reason"] for row in told["output"]["not_seen"]} >= {"没有配置历史数据，只看到报文中的费用"}
    assert ask(port, "GET", "/healthz")[0] == 200
    ready = ask(port, "GET", "/readyz")
    assert (ready[0], json.loads(ready[2])) == (200, {"ready": True, "missing": []})
    assert ask(port, "GET", "/fsi/3102")[0] == 405
    assert ask(port, "GET", "/nothing")[0] == 404
    assert ask(port, "POST", "/healthz")[0] == 404
    page = ask(port, "GET", "/metrics")[2].decode()
    assert 'xiezhi_gateway_requests_total{infno="3102",outcome="ok"} 1' in page
    assert 'xiezhi_gateway_seconds_count{infno="3102"} 1' in page
    assert 'le="+Inf"} 1' in page


def test_an_accepted_message_reaches_the_log(port: int, place: Path, message: dict[str, Any]) -> None:
    ask(port, "POST", "/fsi", json.dumps({**message, "opter": "log"}).encode())
    deadline = time.monotonic() + 20
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        with closing(EmbeddedLog(place / "log")) as log:
            events = log.read("test", [PRECHECKS], 100)
        found = [event for event in events if json.loads(event.value)["message"]["opter"] == "log"]
    assert [event.key for event in found] == ["P1"]


def test_a_body_above_the_limit_is_answered(port: int) -> None:
    status, _, answer = ask(port, "POST", "/fsi/3102", b" " * 4_100_000)
    assert status == 200
    assert "上限" in json.loads(answer)["err_msg"]


def test_beyond_this_machine_needs_keys() -> None:
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        check_address(host, {})
    for host in ("0.0.0.0", "10.0.0.1", "::", "example.org"):
        with pytest.raises(UsageError, match="XIEZHI_GATEWAY_KEYS"):
            check_address(host, {})
        check_address(host, {"a": b"k"})


def test_the_command_refuses_another_address_without_keys(home: Path, run_cli: Callable[..., Any]) -> None:
    run = run_cli("gateway", "--host", "0.0.0.0")
    assert run.code == 2
    assert "XIEZHI_GATEWAY_KEYS" in run.err


def test_keys_are_read_and_never_shown() -> None:
    assert read_keys("") == {}
    assert read_keys("a:0123456789abcdef, b:fedcba9876543210") == {"a": b"0123456789abcdef", "b": b"fedcba9876543210"}
    for text in ("a", "a:hush", ":0123456789abcdef"):
        with pytest.raises(UsageError) as error:
            read_keys(text)
        assert "hush" not in str(error.value)


SECRET = b"0123456789abcdef"


def signed(body: bytes, at: str = "1000000", path: str = "/fsi/3102") -> dict[str, str]:
    return {"_api_access_key": "a", "_api_timestamp": at, "_api_signature": sign(SECRET, at, path, body)}


def test_signatures() -> None:
    keys, body = {"a": SECRET}, b"{}"

    def refused(headers: dict[str, str], now: int = 1_000_000, sent: bytes = body, path: str = "/fsi/3102") -> str:
        return refusal(keys, headers, path, sent, now)

    assert refused(signed(body)) == ""
    assert "签名" in refused(signed(body), sent=b"{ }")
    assert "签名" in refused(signed(body), path="/fsi/3103")
    assert "签名" in refused({**signed(body), "_api_signature": "é"})
    assert "时间" in refused(signed(body), now=1_000_001 + SKEW_MS)
    assert "时间" in refused(signed(body, at="soon"))
    assert "密钥" in refused({**signed(body), "_api_access_key": "b"})
    assert "密钥" in refused({})
    assert refusal({}, {}, "/fsi", body, 0) == ""


def test_an_unsigned_request_is_refused(serve: Callable[..., Any], message: dict[str, Any]) -> None:
    status, _, answer = serve("POST", "/fsi/3102", json.dumps(message).encode(), keys={"a": SECRET})
    told = json.loads(answer)
    assert (status, told["infcode"], told["output"]) == (200, -1, {})
    assert "_api_access_key" in told["err_msg"]


def test_screen_prints_one_answer(home: Path, tmp_path: Path, run_cli: Callable[..., Any], golden: Path) -> None:
    run = run_cli("screen", golden / "3102_over_limit.request.json")
    assert (run.code, json.loads(run.out)["infcode"]) == (0, 0)
    refused = run_cli("screen", golden / "3102_wrong_fields.request.json")
    assert (refused.code, json.loads(refused.out)["infcode"]) == (1, -1)
    absent = run_cli("screen", tmp_path / "nothing.json")
    assert absent.code == 2
    assert "nothing.json" in absent.err

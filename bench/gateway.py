"""The gateway beside a bare echo of the same bodies on the same server stack.

Both are uvicorn (uvloop, httptools) in one process of their own. `ratio` is requests a second of 3102 with history over those of the
echo, closed loop, alternating. `p50_ms`, `p99_ms`, `p999_ms` are latencies of the gateway at 500 requests a second, open loop: each
request is due at its own time and its latency counts from then, so a stall is not forgiven. Every body is a settled claim of a
simulated region, sent once; the person's history is in memory.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench._data import region
from bench._harness import finish, progress, ratios, read_options

RATE = 500
CONNECTIONS = 16


def prepare(persons: int, wanted: int, folder: Path) -> list[bytes]:
    """Bodies of 3102 from a simulated region, and the pickled history beside them."""
    import pickle

    from pipelines.ingest.run import ingest
    from streaming.gateway.sample import request
    from xiezhi.storage.delta import DeltaStore
    from xiezhi.storage.duckdb_facts import open_facts, raw_persons
    from xiezhi.storage.store_history import all_lookups

    store = DeltaStore.of_home(folder)
    ingest([region(persons)], store)
    con = open_facts(store, threads=2)
    numbers = [row[0] for row in con.execute("SELECT DISTINCT person FROM lines ORDER BY 1").fetchall()]
    raws = list(raw_persons(con, numbers))
    with (folder / "history.pickle").open("wb") as file:
        pickle.dump((raws, all_lookups(con)), file)
    con.close()
    bodies: list[bytes] = []
    while len(bodies) < wanted:  # later turns are the same claims under other message numbers: never the same bytes
        for raw in raws:
            for visit in sorted({row["mdtrt_id"] for row in raw.encounters}):
                message = request(raw, [visit], serial=len(bodies), task=f"T{len(bodies)}")
                bodies.append(json.dumps(message, ensure_ascii=False).encode())
    return bodies[:wanted]


def serve(side: str, port: int, home: Path) -> None:
    """One side as a server of its own process (called by `--serve`)."""
    import pickle

    import uvicorn

    application: Any = echo
    if side == "gateway":
        from streaming.gateway.app import SystemClock, load_screener
        from streaming.gateway.http import Application
        from streaming.gateway.service import Gateway
        from xiezhi.settings import find_rules_dir
        from xiezhi.storage.feedback_file import FileFeedback
        from xiezhi.storage.memory import MemoryHistory

        with (home / "history.pickle").open("rb") as file:
            raws, lookups = pickle.load(file)
        gateway = Gateway(
            lambda: load_screener(home, find_rules_dir()), MemoryHistory(raws, lookups), FileFeedback(home / "gateway"), SystemClock()
        )
        application = Application(gateway, {})
    uvicorn.run(application, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error", lifespan="on")


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """The least a server can do with a body: read it whole and send it back."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            event = await receive()
            await send({"type": event["type"] + ".complete"})
        return
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def server(side: str, home: Path) -> Iterator[int]:
    """The port of a running side."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.gateway", "--serve", side, str(port), str(home)]
    with subprocess.Popen(command, env={**os.environ, "XIEZHI_LOG_LEVEL": "error"}) as process:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError(f"{side} does not start") from None
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


class Connection:
    """One kept-alive HTTP connection; as thin as the measured servers deserve."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a side."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 22))

    async def post(self, body: bytes) -> bytes:
        """Send a body and read the whole answer."""
        head = f"POST /fsi/3102 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.split(b"content-length:")[1].split(b"\r\n")[0])
        return await self.reader.readexactly(length)


async def closed(port: int, bodies: list[bytes]) -> float:
    """Requests a second with every connection always busy."""
    left = iter(bodies)

    async def work() -> None:
        connection = await Connection.open(port)
        for body in left:
            await connection.post(body)
        connection.writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return len(bodies) / (time.perf_counter() - began)


async def opened(port: int, bodies: list[bytes]) -> tuple[list[float], int]:
    """Latencies in seconds at `RATE` a second, counted from when each request was due; and how many were not checked in full."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(4 * CONNECTIONS):
        free.put_nowait(await Connection.open(port))
    latencies: list[float] = []
    unchecked = 0
    began = time.perf_counter() + 0.05

    async def one(number: int, body: bytes) -> None:
        nonlocal unchecked
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await free.get()
        answer = await connection.post(body)
        latencies.append(time.perf_counter() - due)
        unchecked += b'"warn_msg":""' not in answer
        free.put_nowait(connection)

    await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies)))
    return sorted(latencies), unchecked


def percentile(ordered: list[float], share: float) -> float:
    """Milliseconds below which a share of the latencies lies.

    >>> percentile([0.001, 0.002, 0.003, 0.004], 0.5)
    2.0
    """
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000, 2)


def run_loop(work: Callable[[], Any]) -> Any:
    """Run a client coroutine on uvloop, as the servers do."""
    import uvloop

    return uvloop.run(work())


def main() -> None:
    """Measure and print."""
    options = read_options(__doc__)
    runs, each, seconds = (5, 600, 6) if options.quick else (15, 3_000, 60)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        bodies = prepare(300 if options.quick else 3_000, (runs + 1) * each + RATE * seconds, home)
        progress(f"{len(bodies):,} bodies, {sum(map(len, bodies)) // len(bodies):,} bytes each in the mean")
        with server("echo", home) as bare, server("gateway", home) as ours:
            speeds: dict[str, list[float]] = {"echo": [], "gateway": []}
            for turn in range(-1, runs):
                part = bodies[(turn + 1) * each : (turn + 2) * each]
                for side, port in (("gateway", ours), ("echo", bare)):
                    speed = run_loop(lambda port=port, part=part: closed(port, part))  # type: ignore[misc]
                    if turn >= 0:
                        speeds[side].append(speed)
                        progress(f"run {turn + 1} of {runs}: {side} {speed:,.0f} requests/s")
            latencies, unchecked = run_loop(lambda: opened(ours, bodies[(runs + 1) * each :]))
    ours_per_s, echo_per_s = (round(statistics.median(speeds[side])) for side in ("gateway", "echo"))
    finish(
        "gateway", ratios(speeds["gateway"], speeds["echo"]), goal=0.5, better="higher", unit="of a bare echo's requests/s",
        p50_ms=percentile(latencies, 0.5), p99_ms=percentile(latencies, 0.99), p999_ms=percentile(latencies, 0.999), rate=RATE,
        not_checked=unchecked, requests_per_s=ours_per_s, echo_per_s=echo_per_s,
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()

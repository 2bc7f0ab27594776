"""New rules or knowledge take the place of the old ones while the gateway runs: whole, between claims, and never by a broken load."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from streaming.gateway.service import Gateway, Limits
from streaming.gateway.watch import files_stamp
from xiezhi.ruleset.points import PointBase
from xiezhi.services.screen_claim import Claim, Known, Screener, Screening
from xiezhi.storage.memory import MemoryFeedback, MemoryHistory

QUICK = Limits({"3101": 5.0, "3102": 5.0, "3103": 5.0}, look=0.02)


class Releases:
    """What the gateway loads: a file names the release; one that says `broken` does not load."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "release"
        self.loads = 0
        self.say("one")

    def say(self, name: str) -> None:
        self.file.write_text(name)

    def load(self) -> Screener:
        self.loads += 1
        name = self.file.read_text()
        if name == "broken":
            raise OSError("half a rule")
        return Screener([], PointBase.of([], "none"), name)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


Work = Callable[[Gateway, Callable[[], Awaitable[str]]], Awaitable[None]]


def run(releases: Releases, message: dict[str, Any], clock: Any, work: Work, limits: Limits = QUICK) -> None:
    """A gateway over the releases; `work` gets it and a function that asks the same each time and returns the release of the answer."""
    body = json.dumps(message).encode()

    async def main() -> None:
        stamp = lambda: files_stamp(releases.file.parent)  # noqa: E731
        gateway = Gateway(releases.load, MemoryHistory(), MemoryFeedback(), clock, None, limits, stamp)
        await gateway.start()
        try:

            async def ask() -> str:
                return str(json.loads(await gateway.answer(body))["output"]["release"])

            await work(gateway, ask)
        finally:
            await gateway.stop()

    asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


@pytest.fixture
def clock(bench: Any) -> Any:
    return bench.make()._clock


def test_a_changed_file_is_loaded_and_no_answer_of_before_is_repeated(releases: Releases, message: dict[str, Any], clock: Any) -> None:
    async def work(gateway: Gateway, ask: Callable[[], Awaitable[str]]) -> None:
        assert [await ask(), await ask()] == ["one", "one"]
        assert gateway.metrics.value("requests", infno="3102", outcome="repeated") == 1
        releases.say("second")
        await until(lambda: releases.loads == 2 and gateway.screener is not None and gateway.screener.release == "second")
        assert await ask() == "second"

    run(releases, message, clock, work)


def test_nothing_changed_nothing_loaded(releases: Releases, message: dict[str, Any], clock: Any) -> None:
    async def work(gateway: Gateway, ask: Callable[[], Awaitable[str]]) -> None:
        await asyncio.sleep(0.2)
        assert releases.loads == 1

    run(releases, message, clock, work)


def test_the_old_release_stays_where_the_new_does_not_load(releases: Releases, message: dict[str, Any], clock: Any) -> None:
    async def work(gateway: Gateway, ask: Callable[[], Awaitable[str]]) -> None:
        releases.say("broken")
        await until(lambda: gateway.metrics.value("reloads", outcome="failed") == 1)
        assert await ask() == "one"
        releases.say("third")
        await until(lambda: gateway.metrics.value("reloads", outcome="ok") == 2)
        assert await ask() == "third"

    run(releases, message, clock, work)


def test_sighup_loads_at_once(releases: Releases, message: dict[str, Any], clock: Any) -> None:
    async def work(gateway: Gateway, ask: Callable[[], Awaitable[str]]) -> None:
        releases.say("now")
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: gateway.screener is not None and gateway.screener.release == "now")

    run(releases, message, clock, work, Limits(QUICK.seconds, look=600))


def test_a_claim_in_work_ends_by_the_release_it_began_with(
    releases: Releases, message: dict[str, Any], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Screening is held while a new release comes; its answer names the old one and is not kept for the same message."""
    begun, go_on = threading.Event(), threading.Event()
    screen = Screener.screen

    def held(self: Screener, claim: Claim, known: Known, rule_ids: Any = ()) -> Screening:
        if self.release == "one":
            begun.set()
            assert go_on.wait(5)
        return screen(self, claim, known, rule_ids)

    monkeypatch.setattr(Screener, "screen", held)

    async def work(gateway: Gateway, ask: Callable[[], Awaitable[str]]) -> None:
        first = asyncio.ensure_future(ask())
        await until(begun.is_set)
        releases.say("later")
        await until(lambda: gateway.screener is not None and gateway.screener.release == "later")
        go_on.set()
        assert await first == "one"
        assert await ask() == "later"

    run(releases, message, clock, work, Limits(QUICK.seconds, look=0.02, small=-1))


def test_the_stamp_sees_new_changed_and_vanished_files(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    seen = [files_stamp(folder)]
    folder.mkdir()
    (folder / "a").write_text("1")
    seen.append(files_stamp(folder))
    (folder / "a").write_text("12")
    seen.append(files_stamp(folder))
    (folder / "a").rename(folder / "b")
    seen.append(files_stamp(folder))
    assert len(set(seen)) == 4
    assert files_stamp(folder) == seen[-1]

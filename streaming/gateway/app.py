"""Composition of the gateway from the settings: rules, knowledge, history, feedback; and one request without HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path

from streaming.gateway.outbox import Outbox
from streaming.gateway.service import LIMITS, Gateway, Limits
from streaming.gateway.watch import files_stamp
from xiezhi.domain.errors import XiezhiError
from xiezhi.log import get_logger
from xiezhi.ports import Clock, EventLog, FeedbackStore, HistoryStore
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.services.screen_claim import Screener
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.feedback_file import FileFeedback
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.lmdb_history import LmdbHistory
from xiezhi.storage.memory import MemoryFeedback
from xiezhi.storage.store_history import StoreHistory

log = get_logger("gateway")


class SystemClock:
    """The machine's local time."""

    def now(self) -> datetime:
        """The present local time."""
        return datetime.now()


def load_screener(home: Path, rules_dir: Path) -> Screener:
    """Active rules and all coded knowledge points of a home; raises `XiezhiError` where they cannot be loaded."""
    base = load_rules(rules_dir)
    knowledge = KnowledgeBase(home, rules_dir)
    points = PointBase.of(knowledge.points(), knowledge.version())
    return Screener(base.active, points, f"{base.version}/{knowledge.version()}")


def open_history(home: Path, threads: int) -> HistoryStore | None:
    """What is stored of persons: the stream's history where there is one, else the claim store as it is now.

    None where no claims are stored or neither can be read (the gateway then says so).
    """
    try:
        if (home / "history" / "data.mdb").exists():
            return LmdbHistory(home / "history", readonly=True)
        store = DeltaStore.of_home(home)
        return StoreHistory(store, threads=threads) if "fee_list_d" in store.versions() else None
    except Exception as error:
        log.error("history not opened", error=type(error).__name__, detail=str(error)[:500])
        return None


def build(
    home: Path,
    rules_dir: Path,
    threads: int,
    *,
    feedback: FeedbackStore | None = None,
    events: EventLog | None = None,
    limits: Limits = LIMITS,
) -> Gateway:
    """The gateway of a home; accepted messages go to `events`, where one is given."""
    clock: Clock = SystemClock()
    kept = feedback or FileFeedback(home / "gateway")
    outbox = None if events is None else Outbox(events)
    stamp = partial(files_stamp, rules_dir, home / "knowledge")
    return Gateway(lambda: load_screener(home, rules_dir), open_history(home, threads), kept, clock, outbox, limits, stamp)


def screen_once(body: bytes, home: Path, rules_dir: Path, threads: int) -> bytes:
    """Answer one 3101 or 3102 request without time limit; nothing is stored. Raises `XiezhiError` where rules cannot be loaded."""

    async def run() -> bytes:
        unhurried = Limits(dict.fromkeys(LIMITS.seconds, 600.0))
        gateway = build(home, rules_dir, threads, feedback=MemoryFeedback(), limits=unhurried)
        await gateway.start()
        if gateway.screener is None:
            load_screener(home, rules_dir)  # raises with every problem of the rule base
            raise XiezhiError.of("rules could not be loaded")
        try:
            return await gateway.answer(body)
        finally:
            await gateway.stop()

    return asyncio.run(run())

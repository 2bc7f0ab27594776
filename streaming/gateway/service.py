"""The gateway without HTTP: a request body in, a response body out, always within the time budget and always whole.

Fail-open: whatever keeps a claim from being judged (history or rules that do not answer, too many requests, too little time, an error
of ours) is said in `warn_msg` and `output.not_seen`, and `infcode` stays 0, so that the hospital goes on. Only what the sender did
wrong is −1; feedback (3103) that could not be kept is −1 too, because the sender must send it again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from streaming.gateway.answer import encode, envelope, not_seen, rows
from streaming.gateway.claim import claims
from streaming.gateway.metrics import Metrics
from streaming.gateway.outbox import Outbox
from streaming.gateway.reading import Node, decode, read
from streaming.gateway.watch import SECONDS, Watch
from xiezhi.domain.errors import XiezhiError
from xiezhi.log import get_logger
from xiezhi.ports import Clock, FeedbackStore, HistoryStore
from xiezhi.services.known_persons import KEPT_LINES, KnownPersons
from xiezhi.services.screen_claim import Claim, Known, Screener, Screening, Unseen, known_of

TRANSACTIONS = ("3101", "3102", "3103")
log = get_logger("gateway")


@dataclass(frozen=True)
class Limits:
    """Bounds of the work.

    Attributes:
        seconds: what a transaction may take.
        history_share: the part of it that reading history may take.
        in_flight: requests in work at once.
        answers: answers kept for repeated messages.
        small: fee lines up to which a claim is judged on the event loop itself (some milliseconds).
        kept: fee lines of persons that are kept in memory between their claims.
        look: seconds between two looks for new rules or knowledge.
    """

    seconds: Mapping[str, float]
    history_share: float = 0.5
    in_flight: int = 64
    answers: int = 10_000
    small: int = 400
    kept: int = KEPT_LINES
    look: float = SECONDS


LIMITS = Limits({"3101": 0.3, "3102": 1.0, "3103": 5.0})
"""The default: 300 ms before, 1 s during settlement."""


class Unchecked(Exception):
    """A claim was not judged; the text says why, `reason` is its short name in the metrics."""

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class Gateway:
    """Judges requests. All coroutines run on one event loop; reading of history and judging run on threads.

    Args:
        load: makes the screener (rules and knowledge); called by `start`, and again by `reload`.
        history: what is stored of persons, or None.
        feedback: keeps reminders and feedback.
        clock: the present.
        outbox: takes accepted messages for the event log, or None.
        stamp: names the state of what `load` reads; where given, a change of it has the gateway load anew.
    """

    def __init__(
        self,
        load: Callable[[], Screener],
        history: HistoryStore | None,
        feedback: FeedbackStore,
        clock: Clock,
        outbox: Outbox | None = None,
        limits: Limits = LIMITS,
        stamp: Callable[[], str] | None = None,
    ) -> None:
        self._load, self._feedback, self._clock = load, feedback, clock
        self._persons = KnownPersons(history, limits.kept) if history is not None else None
        self._outbox, self._limits = outbox, limits
        self._watch = None if stamp is None else Watch(stamp, self.reload, limits.look)
        self.metrics = Metrics()
        self.screener: Screener | None = None
        self._serial = count(1)
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()
        self._working: dict[bytes, asyncio.Task[tuple[bytes, bool]]] = {}
        self._readers = ThreadPoolExecutor(4, "history")
        self._judges = ThreadPoolExecutor(2, "judge")

    async def start(self) -> None:
        """Load rules and knowledge; a failure is logged and leaves the gateway open and not ready."""
        if self._outbox is not None:
            self._outbox.start(self.metrics)
        if self._watch is not None:
            await self._watch.start()
        await self.reload()

    async def reload(self) -> bool:
        """Load rules and knowledge anew; the old ones stay where that fails. Returns whether there are any.

        Claims in work end by the release they began with; what was answered by another release is not repeated.
        """
        try:
            self.screener = await asyncio.get_running_loop().run_in_executor(self._judges, self._load)
            self._answers.clear()
            self.metrics.count("reloads", outcome="ok")
        except Exception as error:
            self.metrics.count("reloads", outcome="failed")
            log.error("rules not loaded", error=type(error).__name__, detail=str(error)[:500])
        return self.screener is not None

    async def stop(self) -> None:
        """Send what waits for the event log, and let go of the threads."""
        if self._watch is not None:
            await self._watch.stop()
        if self._outbox is not None:
            await self._outbox.stop()
        for pool in (self._readers, self._judges):
            pool.shutdown(wait=False, cancel_futures=True)

    def unready(self) -> list[str]:
        """What keeps claims from being judged in full, in Chinese; empty where all is well."""
        return [] if self.screener is not None else ["规则库未加载"]

    async def answer(self, body: bytes, infno: str = "", charset: str = "utf-8", refused: str = "") -> bytes:
        """The response to a request body; never raises.

        Args:
            infno: the transaction of the path; empty where the message says it.
            charset: of the body, a Python codec name.
            refused: why the sender is not accepted, else empty.
        """
        loop = asyncio.get_running_loop()
        began, received = loop.time(), self._clock.now()
        message: Node = {}
        try:
            if refused:
                raise XiezhiError.of(refused)
            message = decode(body, charset)
            infno = infno or str(message.get("infno", ""))
            if infno not in TRANSACTIONS:
                raise XiezhiError.of(f"应为 {'、'.join(TRANSACTIONS)}，收到 {infno[:20]!r}", field="infno")
            result = await self._once(message, body, infno, began, received)
        except XiezhiError as error:
            result = self._respond(message, received, errors=[str(problem) for problem in error.problems])
            self.metrics.count("requests", infno=infno if infno in TRANSACTIONS else "", outcome="refused")
        except Exception as error:
            log.error("gateway", error=type(error).__name__, infno=infno)
            result = self._respond(
                message, received, warning="系统内部错误，本次未审核，请按常规流程办理。", output={"result": [], "not_seen": []}
            )
            self.metrics.count("not_checked", reason="error")
        if infno in TRANSACTIONS:
            self.metrics.took(infno, loop.time() - began)
        return result

    async def _once(self, message: Node, body: bytes, infno: str, began: float, received: datetime) -> bytes:
        """The same message has the same answer, also while the first is still in work. Partial answers are not kept."""
        key = hashlib.sha256(infno.encode() + body).digest()
        if (kept := self._answers.get(key)) is not None:
            self.metrics.count("requests", infno=infno, outcome="repeated")
            return kept
        working = self._working.get(key)
        if working is None:
            working = asyncio.ensure_future(self._transact(message, key, infno, began, received))
            self._working[key] = working
            working.add_done_callback(lambda _: self._working.pop(key, None))
        screener = self.screener
        result, whole = await asyncio.shield(working)
        if whole and screener is self.screener:
            self._answers[key] = result
            while len(self._answers) > self._limits.answers:
                self._answers.popitem(last=False)
        return result

    async def _transact(self, message: Node, key: bytes, infno: str, began: float, received: datetime) -> tuple[bytes, bool]:
        envelope_, data = read(message, infno)
        if infno == "3103":
            return await self._take_feedback(message, envelope_, data, received), True
        output: dict[str, Any] = {"result": [], "not_seen": [], "release": ""}
        warning = ""
        try:
            if self.metrics.in_flight >= self._limits.in_flight:
                raise Unchecked("busy", "请求过多，本次未审核，请按常规流程办理。")
            self.metrics.in_flight += 1
            try:
                output, warning = await self._screen(data, key, infno, began)
            finally:
                self.metrics.in_flight -= 1
        except Unchecked as error:
            self.metrics.count("not_checked", reason=error.reason)
            warning = str(error)
            output["not_seen"] = [{"rule_id": "", "rule_name": "", "reason": warning}]
        self.metrics.count("requests", infno=infno, outcome="ok")
        if self._outbox is not None:
            self._outbox.put(str(data["patient_dtos"][0]["patn_id"]), message)
        return self._respond(message, received, warning=warning, output=output), not warning

    async def _screen(self, data: Node, key: bytes, infno: str, began: float) -> tuple[dict[str, Any], str]:
        screener = self.screener
        if screener is None:
            raise Unchecked("rules", "规则库不可用，本次未审核，请按常规流程办理。")
        loop = asyncio.get_running_loop()
        budget = self._limits.seconds[infno]
        asked = list(claims(data, infno))
        known, warning = await self._known(asked, began + budget * self._limits.history_share)
        late = Unchecked("time", f"超过 {budget * 1000:.0f} 毫秒，本次未审核，请按常规流程办理。")
        if loop.time() > began + budget:
            raise late
        rule_ids = list(data.get("rule_ids") or ())
        if _size(asked, known) <= self._limits.small:  # a thread would cost more than it saves: both need the interpreter
            screenings = _judge(screener, asked, known, rule_ids)
        else:
            job = loop.run_in_executor(self._judges, _judge, screener, asked, known, rule_ids)
            try:
                screenings = await asyncio.wait_for(job, max(0.001, began + budget - loop.time()))
            except TimeoutError:
                raise late from None
        mark = key.hex()
        result: list[dict[str, Any]] = []
        for claim, screening in zip(asked, screenings, strict=True):
            result += rows(screening, screener.rules, screener.points, claim.person, data["task_id"], mark)
        self._remember(result, data, infno)
        for row in result:
            self.metrics.count("reminders", sev_deg=row["sev_deg"])
        output = {"result": result, "not_seen": not_seen(screenings, screener.rules), "release": screener.release}
        return output, warning

    async def _known(self, asked: Sequence[Claim], deadline: float) -> tuple[list[Known], str]:
        """What is stored of the persons; where the store does not answer in time, nothing, and a warning."""
        persons, loop = self._persons, asyncio.get_running_loop()
        if persons is None:
            return [known_of(None, claim.person) for claim in asked], ""

        def load() -> list[Known]:
            return [persons.read(claim.person) for claim in asked]

        try:
            kept = [known for claim in asked if (known := persons.kept(claim.person)) is not None]
            self.metrics.count("persons", found="kept", by=len(kept))
            if len(kept) == len(asked):
                return kept, ""  # no hand-over to a thread: that alone would take longer
            self.metrics.count("persons", found="read", by=len(asked) - len(kept))
            job = loop.run_in_executor(self._readers, load)
            return await asyncio.wait_for(job, max(0.001, deadline - loop.time())), ""
        except Exception as error:
            self.metrics.count("not_checked", reason="history")
            log.warning("history not read", error=type(error).__name__)
            missing = Known(missing="历史数据暂不可用")
            return [missing] * len(asked), "历史数据暂不可用，只审核了报文中的费用。"

    def _remember(self, result: Sequence[Mapping[str, Any]], data: Node, infno: str) -> None:
        """Keep the reminders; where that fails the answer still goes out (its feedback will be refused)."""
        now = self._clock.now().isoformat(timespec="milliseconds")
        kept = [
            {
                "warn_rslt_id": row["jr_id"],
                "at": now,
                "infno": infno,
                "trig_scen": data.get("trig_scen", ""),
                "rule_id": row["rule_id"],
                "sev_deg": row["sev_deg"],
                "vola_amt": str(row["vola_amt"]),
                "mdtrt_id": row["mdtrt_id"],
            }
            for row in result
        ]
        try:
            self._feedback.warned(kept)
        except OSError as error:
            log.error("reminders not kept", error=type(error).__name__)

    async def _take_feedback(self, message: Node, sender: Node, data: Node, received: datetime) -> bytes:
        unknown = [
            f"input.data.warns[{index}].warn_rslt_id: 没有这条提醒"
            for index, warn in enumerate(data["warns"])
            if not self._feedback.known(warn["warn_rslt_id"])
        ]
        if unknown:
            self.metrics.count("requests", infno="3103", outcome="refused")
            return self._respond(message, received, errors=unknown[:100])
        now = self._clock.now().isoformat(timespec="milliseconds")
        kept = [
            {
                "warn_rslt_id": warn["warn_rslt_id"],
                "at": now,
                "warn_type": data["warn_type"],
                "dspo_way": warn["dspo_way"],
                "dspo_way_rea": warn.get("dspo_way_rea", ""),
                "fixmedins_code": sender["fixmedins_code"],
                "opter": sender["opter"],
                "msgid": sender["msgid"],
            }
            for warn in data["warns"]
        ]
        try:
            await asyncio.get_running_loop().run_in_executor(self._readers, self._feedback.add, kept)
        except OSError as error:
            log.error("feedback not kept", error=type(error).__name__)
            raise XiezhiError.of("反馈未能保存，请重发") from None
        for warn in data["warns"]:
            self.metrics.count("feedback", dspo_way=warn["dspo_way"])
        self.metrics.count("requests", infno="3103", outcome="ok")
        return self._respond(message, received, output={})

    def _respond(self, message: Node, received: datetime, *, errors: Sequence[str] = (), warning: str = "", output: Any = None) -> bytes:
        now = self._clock.now()
        whole = envelope(
            message, received, now, next(self._serial), errors=errors, warning=warning, output={} if output is None else output
        )
        return encode(whole)


def _size(asked: Sequence[Claim], known: Sequence[Known]) -> int:
    """The work in fee lines: kept ones are only sorted and looked at, a tenth of the work of netting."""
    stored = sum(len(each.raw.lines) // (10 if each.parts is not None else 1) for each in known if each.raw is not None)
    return stored + sum(len(claim.rows.lines) for claim in asked)


def _judge(screener: Screener, asked: Sequence[Claim], known: Sequence[Known], rule_ids: Sequence[str]) -> list[Screening]:
    return [_screen_one(screener, claim, each, rule_ids) for claim, each in zip(asked, known, strict=True)]


def _screen_one(screener: Screener, claim: Claim, known: Known, rule_ids: Sequence[str]) -> Screening:
    """One person; stored rows that cannot be read are no reason to judge nothing."""
    try:
        return screener.screen(claim, known, rule_ids)
    except Exception as error:
        if known.raw is None:
            raise
        log.error("stored rows not usable", error=type(error).__name__)
        alone = screener.screen(claim, Known(missing="已存数据无法读取"), rule_ids)
        return Screening(alone.findings, (*alone.unseen, Unseen("", "已存数据无法读取")), alone.facts)

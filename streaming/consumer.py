"""The consumer: from events to findings with revisions. One step does, in this order:

1. Read events after the group's committed offsets.
2. Validate them; a message with any problem becomes a dead letter with all its problems, its position and its bytes.
3. In ONE transaction of the history: add the rows, judge everyone they touch, write the new rows of findings, and put into the outbox
   what the claim store, the findings, the cases and the topics are to get, dead letters among it.
4. Deliver the outbox: claim store, findings, cases, topics. Each takes the same delivery twice without harm.
5. Empty the outbox, in a transaction.
6. Commit the offsets.

A crash before the end of 3 leaves nothing: the events are read again. A crash after it leaves a full outbox: the next start delivers it
before it reads. A crash before 6 has the events read again: their rows are known, but whoever they touch is judged again, and what was
found before is compared as always, so nothing is added twice. An event is never skipped because its rows are known.

Work that a change makes for many persons (an institution, a merge, a usual price, the earliest date) is marked in the same transaction
and done in portions by the following steps; the stream is drained when there is neither an event nor a mark left.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import lmdb

from streaming.counted import counted_lines
from streaming.judge import Judge
from streaming.payload import Claim, decode
from streaming.sinks import Sinks
from streaming.topics import CLAIM_TOPICS
from xiezhi.domain.counting import line_key
from xiezhi.domain.errors import Problem, XiezhiError
from xiezhi.domain.events import Event
from xiezhi.domain.facts import PersonFacts
from xiezhi.domain.finding import Finding
from xiezhi.domain.netting import person_facts
from xiezhi.log import get_logger
from xiezhi.ports import EventLog
from xiezhi.services.revisions import compare
from xiezhi.storage.lmdb_findings import delivered, open_ids, outbox, owned, post_case, post_dead, post_row, save
from xiezhi.storage.lmdb_history import LmdbHistory
from xiezhi.storage.lmdb_update import PERSON, TRACE, Update

log = get_logger(__name__)
GROUP = "xiezhi-stream"
EVENTS_AT_ONCE = 500
JUDGED_AT_ONCE = 2_000


@dataclass
class Counts:
    """What a consumer has done since it began."""

    events: int = 0
    rows: int = 0
    duplicates: int = 0
    dead: int = 0
    judged: int = 0
    findings: dict[str, int] = field(default_factory=lambda: {"new": 0, "revised": 0, "refreshed": 0, "superseded": 0})


class Consumer:
    """One consumer of a group.

    Args:
        event_log: where events are read and offsets committed.
        history: the history, open for writing.
        judge: rules and knowledge points.
        sinks: where the outbox goes.
        now: the present moment, for `found_at` only.
        fault: called with the name of each point between two effects; tests raise there.
        events_at_once: largest number of events a step reads.
    """

    def __init__(
        self,
        event_log: EventLog,
        history: LmdbHistory,
        judge: Judge,
        sinks: Sinks,
        *,
        now: Callable[[], datetime] = datetime.now,
        fault: Callable[[str], None] = lambda point: None,
        events_at_once: int = EVENTS_AT_ONCE,
    ) -> None:
        self._log, self._history, self._judge, self._sinks, self._now, self._fault = event_log, history, judge, sinks, now, fault
        self._events_at_once = events_at_once
        self._ready = False
        self.counts = Counts()

    def step(self) -> bool:
        """Do one round as described above; false when there was nothing to do.

        Raises:
            XiezhiError: the disk is full, or the log or a store failed; nothing is lost, the step can be tried again.
        """
        if not self._ready:
            self._deliver()
            self._transact(self._follow_release)
            self._ready = True
        events = self._log.read(GROUP, CLAIM_TOPICS, self._events_at_once)
        self._fault("read")
        decoded = [decode(event) for event in events]
        judged = self._transact(lambda update: self._apply(update, decoded))
        self._fault("history committed")
        self._deliver()
        if events:
            self._log.commit(GROUP, [event.position for event in events])
            self._fault("offsets committed")
        self.counts.events += len(events)
        return bool(events) or judged > 0

    def drain(self) -> None:
        """Work until there is nothing to do and the whole group has dealt with every event.

        On Kafka that waits for partitions that the group is still handing out, for instance those of a member that was killed.
        """
        while self.step() or self._log.lag(GROUP, CLAIM_TOPICS):
            pass

    def _transact(self, work: Callable[[Update], int]) -> int:
        while True:
            try:
                with Update(self._history, self._judge.watches) as update:
                    done = work(update)
                    self._fault("history written")
                return done
            except lmdb.MapFullError:
                self._history.grow()
            except lmdb.DiskError as error:
                raise XiezhiError.of(
                    f"参保人历史写入失败 the history cannot be written: {error}",
                    path=str(self._history.folder),
                    todo="free space and start again",
                ) from error

    def _follow_release(self, update: Update) -> int:
        """Under other rules or knowledge points than before, everyone is judged again."""
        if update.get("meta", b"release") != self._judge.release.encode():
            update.put("meta", b"release", self._judge.release.encode())
            update.mark_all()
        return 0

    def _deliver(self) -> None:
        with self._history.reading() as view:
            box = outbox(view)
        if not box.keys:
            return
        self._sinks.deliver(box, self._fault)
        self._transact(lambda update: delivered(update, box))
        self._fault("outbox emptied")

    def _apply(self, update: Update, decoded: Sequence[tuple[Claim, list[Problem]]]) -> int:
        positions: list[str] = []
        for claim, problems in decoded:
            positions.append(str(claim.event.position))
            if problems:
                self.counts.dead += 1
                post_dead(update, positions[-1], dead_letter(claim.event, problems))
                continue
            for row in claim.rows:
                new = update.add(row.table, row.values)
                self.counts.rows, self.counts.duplicates = self.counts.rows + new, self.counts.duplicates + (not new)
                if new and not claim.stored:
                    post_row(update, row)
        judged = 0
        clock = self._clock(update)
        facts: dict[str, PersonFacts] = {}
        while judged < JUDGED_AT_ONCE and (marked := update.next_marked()) is not None:
            self._evaluate(update, *marked, facts, version=positions[-1] if positions else "", clock=clock)
            judged += 1
        self.counts.judged += judged
        if update.get("meta", b"delivery") is None:
            update.put("meta", b"delivery", b"1")
        return judged

    def _clock(self, update: Update) -> datetime:
        """Later than every `found_at` before, even when the clock was put back: the newest row of a finding must be told apart."""
        last = update.get("meta", b"clock")
        present = self._now()
        if last is not None:
            present = max(present, datetime.fromisoformat(last.decode()) + timedelta(microseconds=1))
        update.put("meta", b"clock", present.isoformat().encode())
        return present

    def _evaluate(self, update: Update, kind: str, name: str, known: dict[str, PersonFacts], *, version: str, clock: datetime) -> None:
        """Judge one mark. `known` are facts of this transaction: all rows are in, and who changes is marked and netted anew first."""

        def facts_of(person: str) -> PersonFacts:
            if person not in known:
                known[person] = person_facts(update.raw_person(person), update.lookups())
            return known[person]

        if kind == PERSON:
            known.pop(name, None)
            facts = facts_of(name)
            update.contribute(facts)
            if update.is_marked(PERSON, name):
                return  # what the person adds changes what the person is judged by
            if next(update.scan("index", b"t\0"), None) is not None:
                for line in facts.lines:
                    for trace in update.members("t", line.institution, line.id):
                        update.mark(TRACE, trace)
            found = self._judge.person(facts)
        else:
            found = self._judge.trace(update, name, facts_of)
        rows = self._revise(update, kind + name, found, version, clock)
        if rows and self._sinks.opens_cases:
            persons = {name} if kind == PERSON else _persons(update, found)
            lines = [line for person in sorted(persons) for line in facts_of(person).lines]
            post_case(update, kind + name, rows, counted_lines([row for row in rows if row.status == "open"], lines))

    def _revise(self, update: Update, owner: str, found: Sequence[Finding], version: str, clock: datetime) -> list[Finding]:
        """Store what changed; returns the newest rows of what was found and of what was superseded now."""
        stored: dict[str, Finding] = {}
        mine: set[str] = set()
        for finding_id in {*(finding.finding_id for finding in found), *open_ids(update, owner)}:
            known = owned(update, finding_id)
            if known is not None:
                stored[finding_id] = known[1]
                if known[0] == owner:
                    mine.add(finding_id)
        changes = compare(
            found,
            stored,
            lambda finding: finding.finding_id in mine,
            data_version=version,
            found_at=clock,
            run_id=f"stream-{self._judge.release}",
        )
        save(update, owner, changes.rows)
        for name, rows in (
            ("new", changes.new),
            ("revised", changes.revised),
            ("refreshed", changes.refreshed),
            ("superseded", changes.superseded),
        ):
            self.counts.findings[name] += len(rows)
        newest = {**stored, **{row.finding_id: row for row in changes.rows}}
        return [newest[each] for each in sorted({*(row.finding_id for row in found), *(row.finding_id for row in changes.superseded)})]


def _persons(update: Update, found: Sequence[Finding]) -> set[str]:
    """Everyone who holds a line of these findings."""
    keys = {line_key(finding, line) for finding in found for line in finding.line_ids}
    return {update.person_of(number) for each in keys for number in update.owners("fee_list_d", *each)}


def dead_letter(event: Event, problems: Sequence[Problem]) -> dict[str, object]:
    """What is kept of a message that cannot be used: where it lay, everything that is wrong with it, and its bytes."""
    return {
        "position": str(event.position),
        "topic": event.position.topic,
        "partition": event.position.partition,
        "offset": event.position.offset,
        "key": event.key,
        "headers": dict(event.headers),
        "problems": [{"what": each.what, "where": str(each.where), "accepted": each.accepted} for each in problems],
        "value_base64": base64.b64encode(event.value).decode(),
    }

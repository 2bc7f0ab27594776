"""Claims per second of the stream (consume, validate, judge, persist) against consuming, decoding and bulk-writing the same events.

Both sides read the same events from topics of their own, filled before the clock starts; an event is one encounter with its lines,
settlements and diagnoses. The peer decodes JSON and writes the rows of every table to Delta in the same batches, and decides nothing.

The log is Kafka: that of `XIEZHI_KAFKA`, else a broker started here; where none can be had, the embedded log. The result says which.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

import orjson
import pyarrow as pa

from bench._harness import alternate, finish, progress, ratios, read_options
from bench._kafka import NoKafka, broker
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from streaming.consumer import GROUP, Consumer
from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.kafka_log import KafkaLog
from streaming.replay import replay_store
from streaming.sinks import Sinks
from streaming.topics import CLAIM_TOPICS, SETTLEMENTS
from xiezhi.ports import EventLog
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.lmdb_history import LmdbHistory

BATCH = 500


Open = Callable[[Path], EventLog]


@contextmanager
def logs(work: Path) -> Iterator[tuple[str, Open]]:
    """Which log it is, and what opens that of a folder."""
    mark = uuid4().hex[:8]
    with ExitStack() as stack:
        address = os.environ.get("XIEZHI_KAFKA")
        try:
            address = address or stack.enter_context(broker(work))
        except NoKafka as reason:
            progress(f"{reason}; the embedded log is used")
            yield "embedded", lambda folder: EmbeddedLog(folder / "log")
            return
        yield "kafka", lambda folder: KafkaLog(str(address), prefix=f"bench-{mark}-{folder.name}.", poll_ms=100)


def consume(folder: Path, judge: Judge, open_log: Open) -> None:
    """Our side: everything the consumer does."""
    with closing(open_log(folder)) as log, closing(LmdbHistory(folder / "history")) as history:
        Consumer(log, history, judge, Sinks(log, DeltaStore.of_home(folder), "bench"), events_at_once=BATCH).drain()


def copy(folder: Path, open_log: Open) -> None:
    """The peer: read, decode, write, until it has dealt with every event."""
    store = DeltaStore(folder / "copied")
    with closing(open_log(folder)) as log:
        while (events := log.read(GROUP, CLAIM_TOPICS, BATCH)) or log.lag(GROUP, CLAIM_TOPICS):
            if not events:
                continue
            tables: dict[str, list[dict[str, str]]] = defaultdict(list)
            for event in events:
                for table, rows in orjson.loads(event.value)["tables"].items():
                    tables[table] += rows
            for table, rows in tables.items():
                store.append(f"copy_{table}", pa.Table.from_pylist(rows))
            log.commit(GROUP, [event.position for event in events])


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__)
    persons, runs = (60, 2) if options.quick else (1_000, 3)
    with tempfile.TemporaryDirectory() as name, logs(Path(name)) as (kind, open_log):
        work = Path(name)
        simulate(work / "out", persons=persons, months=3, seed=7)
        source = DeltaStore.of_home(work / "source")
        ingest(sorted((work / "out").glob("*.parquet")), source)
        knowledge = KnowledgeBase(work / "source", find_rules_dir())
        knowledge.add(read_points(sorted((work / "out" / "knowledge").glob("*.csv"), reverse=True)))
        base = load_rules(find_rules_dir())
        judge = Judge(base.active, PointBase.of(knowledge.points(), knowledge.version()), base.version)
        claims = 0
        for number, side in itertools.product(range(runs + 1), ("ours", "peer")):
            with closing(open_log(work / f"{side}{number}")) as log:
                replay_store(log, source, own=False)
                claims = claims or log.lag("count", [SETTLEMENTS])
        progress(f"{claims:,} claims")
        ours, peer = itertools.count(), itertools.count()
        began = time.perf_counter()
        times = alternate(
            {
                "ours": lambda: consume(work / f"ours{next(ours)}", judge, open_log),
                "peer": lambda: copy(work / f"peer{next(peer)}", open_log),
            },
            runs=runs,
        )
        progress(f"{time.perf_counter() - began:.1f} s")
    compared = ratios(times["peer"], times["ours"])
    finish(
        "stream", compared, goal=0.35, better="higher", unit="claims/s of the stream / consume, decode and write", log=kind,
        claims=claims, claims_per_s=round(claims / min(times["ours"])),
    )  # fmt: skip


if __name__ == "__main__":
    main()

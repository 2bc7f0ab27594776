"""Claims per second of the stream (consume, validate, judge, persist) against consuming, decoding and bulk-writing the same events.

Both sides read the same events from an embedded log of their own, filled before the clock starts; an event is one encounter with its lines,
settlements and diagnoses. The peer decodes JSON and writes the rows of every table to Delta in the same batches, and decides nothing.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import orjson
import pyarrow as pa

from bench._harness import alternate, finish, progress, ratios, read_options
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from streaming.consumer import GROUP, Consumer
from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.replay import replay_store
from streaming.sinks import Sinks
from streaming.topics import CLAIM_TOPICS, SETTLEMENTS
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.lmdb_history import LmdbHistory

BATCH = 500


def consume(folder: Path, judge: Judge) -> None:
    """Our side: everything the consumer does."""
    with closing(EmbeddedLog(folder / "log")) as log, closing(LmdbHistory(folder / "history")) as history:
        Consumer(log, history, judge, Sinks(log, DeltaStore.of_home(folder), "bench"), events_at_once=BATCH).drain()


def copy(folder: Path) -> None:
    """The peer: read, decode, write."""
    store = DeltaStore(folder / "copied")
    with closing(EmbeddedLog(folder / "log")) as log:
        while events := log.read(GROUP, CLAIM_TOPICS, BATCH):
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
    with tempfile.TemporaryDirectory() as name:
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
            with closing(EmbeddedLog(work / f"{side}{number}" / "log", fsync="never")) as log:
                replay_store(log, source, own=False)
                if not claims:
                    while events := log.read("count", [SETTLEMENTS], 10_000):
                        claims += len(events)
        progress(f"{claims:,} claims")
        ours, peer = itertools.count(), itertools.count()
        began = time.perf_counter()
        times = alternate(
            {
                "ours": lambda: consume(work / f"ours{next(ours)}", judge),
                "peer": lambda: copy(work / f"peer{next(peer)}"),
            },
            runs=runs,
        )
        progress(f"{time.perf_counter() - began:.1f} s")
    compared = ratios(times["peer"], times["ours"])
    finish(
        "stream", compared, goal=0.35, better="higher", unit="claims/s of the stream / consume, decode and write", log="embedded",
        claims=claims, claims_per_s=round(claims / min(times["ours"])),
    )  # fmt: skip


if __name__ == "__main__":
    main()

"""The program itself, killed in the middle and started again, on every log: it comes to what the sweep finds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from stream_world import Stream, comparable, content, events_of, rows_of_store

from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming.consumer import GROUP
from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.kafka_log import KafkaLog
from streaming.topics import CLAIM_TOPICS
from xiezhi.ports import EventLog
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import RuleBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase

PROGRAM = [sys.executable, "-c", "from xiezhi.cli import main; main()", "stream"]
Log = tuple[Callable[[], EventLog], dict[str, str]]


@pytest.fixture(params=["embedded", "kafka"])
def settled_log(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    """What opens the log of the home `streamed`, and the settings by which the program does."""
    if request.param == "embedded":
        return lambda: EmbeddedLog(tmp_path / "streamed" / "log"), {}
    address, prefix = request.getfixturevalue("kafka"), f"{uuid4().hex[:8]}."
    return lambda: KafkaLog(address, prefix=prefix), {"XIEZHI_KAFKA": address, "XIEZHI_TOPIC_PREFIX": prefix}


def killed_in_the_middle(environment: dict[str, str], open_log: Callable[[], EventLog], home: Path) -> int:
    """Run the program until it has delivered something, kill it, and return how many events it had not committed."""
    process = subprocess.Popen(PROGRAM, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while "findings" not in DeltaStore.of_home(home).names() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        assert process.wait(30) == -signal.SIGKILL, "the program ended by itself"
    with closing(open_log()) as log:
        return log.lag(GROUP, CLAIM_TOPICS)


@pytest.mark.slow
def test_a_killed_program_started_again_comes_to_what_the_sweep_finds(
    settled_log: Log, tmp_path: Path, rule_base: RuleBase, judge: Judge
) -> None:
    """Several partitions, random order, duplicates. Mutants caught: offsets committed before the history; a drain that ends while
    Kafka still holds the killed member's partitions back."""
    open_log, settings = settled_log
    swept, streamed = tmp_path / "swept", tmp_path / "streamed"
    simulate(tmp_path / "out", persons=60, months=6, seed=5, schemes="all")
    points = read_points(sorted((tmp_path / "out" / "knowledge").glob("*.csv"), reverse=True))
    ingest(sorted((tmp_path / "out").glob("*.parquet")), DeltaStore.of_home(swept))
    for home in (swept, streamed):
        KnowledgeBase(home, find_rules_dir()).add(points)
    rules = tuple(rule.id for rule in rule_base.active if not rule.batch)
    expected = {f.finding_id: comparable(f) for f in sweep(Request(swept, find_rules_dir(), rules=rules)).open}
    rows = rows_of_store(DeltaStore.of_home(swept))
    stream = Stream(streamed, judge, open_log)
    stream.send(events_of(rows, Random(5)))
    with closing(open_log()) as log:
        sent = log.lag(GROUP, CLAIM_TOPICS)

    environment = {**os.environ, "XIEZHI_HOME": str(streamed), "XIEZHI_RULES_DIR": str(find_rules_dir()), **settings}
    left = killed_in_the_middle(environment, open_log, streamed)
    assert 0 < left <= sent
    assert stream.open() != expected, "it was killed too late to show anything"
    done = subprocess.run([*PROGRAM, "--once", "--json"], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    with closing(open_log()) as log:
        assert log.lag(GROUP, CLAIM_TOPICS) == 0

    assert stream.open() == expected
    assert len(expected) > 50
    stored: dict[str, list[dict[str, Any]]] = rows_of_store(stream.store)
    for table, those in rows.items():
        assert sorted(map(content, stored[table])) == sorted(map(content, those)), table

"""The commands: claims that were ingested are replayed, streamed, and come to what the sweep finds; dead letters come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer
from stream_world import Stream, comparable, rows_of_store
from test_consumer import BAD, CLAIM

from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming.commands import replay, stream
from streaming.judge import Judge
from streaming.replay import replay_dead_letters
from streaming.topics import ALL_TOPICS
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.loader import RuleBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.lmdb_findings import all_findings
from xiezhi.storage.lmdb_history import LmdbHistory


def test_what_was_ingested_is_replayed_and_streamed(home: Path, tmp_path: Path, rule_base: RuleBase, capsys: Any) -> None:
    simulate(tmp_path / "out", persons=50, months=3, seed=4, schemes="all")
    ingest(sorted((tmp_path / "out").glob("*.parquet")), DeltaStore.of_home(home))
    KnowledgeBase(home, find_rules_dir()).add(read_points(sorted((tmp_path / "out" / "knowledge").glob("*.csv"), reverse=True)))
    before = rows_of_store(DeltaStore.of_home(home))
    replay("store", as_json=True)
    stream(once=True, as_json=True)
    counts = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert counts["dead"] == 0
    assert counts["rows"] == sum(map(len, before.values()))
    assert rows_of_store(DeltaStore.of_home(home)) == before, "what was stored is not stored again"
    with closing(LmdbHistory(home / "history", readonly=True)) as history, history.reading() as view:
        found = {f.finding_id: comparable(f) for f in all_findings(view) if f.status == "open"}
    streamed = tuple(rule.id for rule in rule_base.active if not rule.batch)
    outcome = sweep(Request(home, find_rules_dir(), rules=streamed))
    assert {f.finding_id: comparable(f) for f in outcome.open} == found != {}
    assert outcome.changes.rows == (), "the sweep adds nothing to what the stream stored"


def test_dead_letters_can_be_replayed(tmp_path: Path, judge: Judge) -> None:
    world = Stream(tmp_path, judge)
    world.send([CLAIM, BAD])
    assert world.run().counts.dead == 1
    with closing(world.open_log()) as log:
        assert replay_dead_letters(log) == 1
        assert replay_dead_letters(log) == 0
    again = world.run()
    assert (again.counts.events, again.counts.dead) == (1, 1)


def test_a_wrong_source_is_wrong_use(home: Path, run_cli: Callable[..., Any]) -> None:
    assert run_cli("replay", "somewhere").code == 2


def test_missing_topics_are_made_on_kafka_with_the_partitions_of_the_settings(
    home: Path, kafka: str, run_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants caught: the prefix left out of the names; the number of partitions of the settings not heeded."""
    prefix = f"{uuid4().hex[:8]}."
    for name, value in (("KAFKA", kafka), ("TOPIC_PREFIX", prefix), ("PARTITIONS", "3")):
        monkeypatch.setenv(f"XIEZHI_{name}", value)
    done = run_cli("doctor", "--create-topics", "--json")
    assert "新建 made 9" in done.err
    assert json.loads(done.out)[0]["name"] == "home"
    document = json.loads(run_cli("topics", "--json").out)
    assert (document["made"], document["log"]) == ([], kafka)
    with closing(KafkaConsumer(bootstrap_servers=kafka)) as reader:
        assert {name: len(reader.partitions_for_topic(name)) for name in document["topics"]} == dict.fromkeys(document["topics"], 3)
        assert {name for name in reader.topics() if name.startswith(prefix)} == set(document["topics"])
    assert {prefix + name for name in ALL_TOPICS} == set(document["topics"])

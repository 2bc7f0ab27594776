"""Logs for the stream's tests (the embedded one, a real Kafka broker), and judges over the catalogue."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "parity" / "rules"))  # the random lives that the rules are tested with
sys.path.insert(0, str(Path(__file__).parent))

from streaming.embedded_log import EmbeddedLog
from streaming.judge import Judge
from streaming.kafka_log import KafkaLog
from xiezhi.ports import EventLog
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.knowledge import KnowledgeBase


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real broker."""
    if find_spec("bench") is None:
        pytest.skip("needs a checkout: bench/_kafka.py starts the broker")
    from bench._kafka import NoKafka, broker

    running = broker(tmp_path_factory.mktemp("kafka"))
    try:
        address = running.__enter__()
    except NoKafka as reason:
        if "services" in os.environ.get("XIEZHI_REQUIRE", "").split(","):
            pytest.fail(f"required (services) but missing: {reason}", pytrace=False)
        pytest.skip(str(reason))
    yield address
    running.__exit__(None, None, None)


@pytest.fixture(params=["embedded", "kafka"])
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventLog]:
    """Opens the same log anew, as a process that starts would."""
    if request.param == "embedded":
        return lambda: EmbeddedLog(tmp_path / "log", segment_bytes=20_000)
    address, prefix = request.getfixturevalue("kafka"), f"{uuid4().hex[:8]}."
    return lambda: KafkaLog(address, prefix=prefix, poll_ms=100)


@pytest.fixture(scope="session")
def rule_base() -> RuleBase:
    return load_rules(find_rules_dir())


@pytest.fixture(scope="session")
def curated(tmp_path_factory: pytest.TempPathFactory) -> PointBase:
    knowledge = KnowledgeBase(tmp_path_factory.mktemp("empty"), find_rules_dir())
    return PointBase.of(knowledge.points(), knowledge.version())


@pytest.fixture(scope="session")
def judge(rule_base: RuleBase, curated: PointBase) -> Judge:
    return Judge(rule_base.active, curated, rule_base.version)


@pytest.fixture(scope="session")
def other_judge(rule_base: RuleBase, curated: PointBase) -> Judge:
    """Another release: without the rules of class 27."""
    return Judge([rule for rule in rule_base.active if rule.class_no != 27], curated, rule_base.version)

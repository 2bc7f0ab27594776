"""Composition root of the stream: settings to log, history, judge and consumer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streaming.consumer import Consumer
from streaming.judge import Judge
from streaming.sinks import Sinks
from streaming.topics import ALL_TOPICS
from xiezhi.ports import EventLog
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.lmdb_history import LmdbHistory

HISTORY, LOG = "history", "log"
"""Folders below `XIEZHI_HOME`."""


@contextmanager
def open_log(settings: Settings) -> Iterator[EventLog]:
    """The event log of the settings: Kafka where `XIEZHI_KAFKA` names it, else the embedded one below the home."""
    event_log: EventLog
    if settings.kafka:
        from streaming.kafka_log import KafkaLog

        event_log = KafkaLog(settings.kafka, partitions=settings.partitions, prefix=settings.topic_prefix)
    else:
        from streaming.embedded_log import EmbeddedLog

        event_log = EmbeddedLog(settings.home / LOG, partitions=settings.partitions, fsync=settings.log_fsync)
    try:
        yield event_log
    finally:
        event_log.close()


def create_topics(settings: Settings) -> list[str]:
    """Make the topics that are missing on Kafka, with the partitions of the settings; returns their names, none for the embedded log.

    Raises:
        ServiceUnreachable: the cluster does not answer.
    """
    if not settings.kafka:
        return []
    from streaming.kafka_log import KafkaLog

    event_log = KafkaLog(settings.kafka, partitions=settings.partitions, prefix=settings.topic_prefix)
    try:
        return event_log.create(ALL_TOPICS)
    finally:
        event_log.close()


@contextmanager
def open_consumer(settings: Settings) -> Iterator[Consumer]:
    """A consumer over the home of the settings, with all active rules and knowledge points.

    Raises:
        XiezhiError: rules do not load, another process consumes, the history is of another release, or Kafka does not answer.
    """
    base = load_rules(settings.rules_dir)
    knowledge = KnowledgeBase(settings.home, settings.rules_dir)
    judge = Judge(base.active, PointBase.of(knowledge.points(), knowledge.version()), base.version)
    with open_log(settings) as event_log:
        history = LmdbHistory(settings.home / HISTORY)
        try:
            with history.reading() as view:
                sender = (view.get("meta", b"id") or b"").decode()
            yield Consumer(event_log, history, judge, Sinks(event_log, DeltaStore.of_home(settings.home), sender))
        finally:
            history.close()

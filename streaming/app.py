"""Composition root of the stream: settings to log, history, judge and consumer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streaming.case_sink import CaseSink
from streaming.consumer import Consumer
from streaming.judge import Judge
from streaming.sinks import Sinks
from streaming.topics import ALL_TOPICS
from xiezhi.ports import EventLog
from xiezhi.ruleset.loader import RuleBase, load_rules
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


def open_case_sink(settings: Settings, base: RuleBase) -> CaseSink:
    """The case database of the settings, for the stream; a new SQLite file gets its tables.

    Raises:
        ServiceUnreachable: the database does not answer.
        UsageError: its tables are older than this program.
    """
    from xiezhi.ruleset.credit_scheme import load_scheme
    from xiezhi.storage.sql.case_store import SqlCaseStore
    from xiezhi.storage.sql.migrate import open_database

    database = open_database(settings.database)
    folders = {rule.id: "/".join(Path(rule.path).parts[-3:-1]) for rule in base.rules.values() if rule.class_no is None}
    return CaseSink(SqlCaseStore(database), load_scheme(settings.rules_dir), folders)


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
            cases = open_case_sink(settings, base) if settings.stream_cases else None
            store, alert_fen = DeltaStore.of_home(settings.home), settings.alert_yuan * 100
            yield Consumer(event_log, history, judge, Sinks(event_log, store, sender, cases=cases, alert_fen=alert_fen))
        finally:
            history.close()

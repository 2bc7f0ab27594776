"""The commands `xiezhi stream`, `xiezhi replay` and `xiezhi topics`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def stream(
    once: Annotated[bool, typer.Option("--once", help="处理完现有事件后结束。End once there is nothing more to do.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """实时处理：逐条读取事件，校验、判定并修订疑点。The consumer: events in, findings with revisions out.

    未设置 XIEZHI_KAFKA 时使用内置日志。可随时中断，重启后不丢不重。

    Without XIEZHI_KAFKA the embedded log is used. It may be stopped at any moment; nothing is lost or doubled.
    """
    import dataclasses
    import json
    import time

    from streaming.app import open_consumer
    from xiezhi.settings import load_settings

    settings = load_settings()
    with open_consumer(settings) as consumer:
        try:
            if once:
                consumer.drain()
            else:
                while True:
                    if not consumer.step():
                        time.sleep(0.2)
        except KeyboardInterrupt:
            typer.echo("已停止 stopped", err=True)
        counts = dataclasses.asdict(consumer.counts)
    if as_json:
        typer.echo(json.dumps(counts, ensure_ascii=False, indent=2))
    else:
        found = ", ".join(f"{name} {count:,}" for name, count in counts["findings"].items())
        typer.echo(
            f"事件 events {counts['events']:,} · 新行 rows {counts['rows']:,} · 重复 duplicates {counts['duplicates']:,} · "
            f"死信 dead letters {counts['dead']:,} · 判定 judged {counts['judged']:,} · 疑点 findings {found}"
        )
    if counts["dead"]:
        raise typer.Exit(1)


def replay(
    source: Annotated[
        str,
        typer.Argument(metavar="store|dead-letters|PATH", help="本库的费用、死信，或另一数据目录。Own claims, dead letters, another home."),
    ] = "store",
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="结算日期起。First day of settlement.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="结算日期止（含）。Last day of settlement.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """回放：把已入库的费用或死信作为事件写入日志。Put stored claims or dead letters onto the log as events.

    文件先用 xiezhi ingest 入库再回放。重复回放无害。限定日期时，只回放当日结算的就诊和当日的进销存；机构和人员总是全部回放。

    Files go into the store first (xiezhi ingest). Replaying again is harmless. Dates choose encounters by settlement and stock by its own
    day; institutions and practitioners always go whole.
    """
    import json
    from pathlib import Path

    from streaming.app import open_log
    from streaming.replay import Days, replay_dead_letters, replay_store
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings
    from xiezhi.storage.delta import DeltaStore

    if source not in ("store", "dead-letters") and not DeltaStore.of_home(Path(source)).names():
        raise UsageError.of(
            f"{source!r} holds no claims", accepted="store, dead-letters, a home", todo="load files with: xiezhi ingest PATH"
        )
    days = Days(first.date() if first else None, last.date() if last else None) if first or last else None
    if days is not None and source == "dead-letters":
        raise UsageError.of("--from and --to choose claims by settlement", accepted="store or a home, not dead-letters")
    if first and last and first > last:
        raise UsageError.of(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    settings = load_settings()
    with open_log(settings) as log:
        if source == "dead-letters":
            sent = replay_dead_letters(log)
        else:
            other = settings.home if source == "store" else Path(source)
            store = DeltaStore.of_home(other)
            own = other.absolute() == settings.home.absolute()
            sent = replay_store(log, store, lambda text: typer.echo(text, err=True), own=own, days=days)
    typer.echo(json.dumps({"events": sent}) if as_json else f"事件 events {sent:,}")


def topics(as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False) -> None:
    """建立 Kafka 上缺少的主题；已有主题不变。Make the topics that Kafka lacks; existing ones stay as they are.

    内置日志的主题在首次写入时建立。The embedded log makes a topic when it is first written to.
    """
    import json

    from streaming.app import create_topics
    from streaming.topics import ALL_TOPICS
    from xiezhi.settings import load_settings

    settings = load_settings()
    made = create_topics(settings)
    if as_json:
        document = {"log": settings.kafka or "embedded", "topics": [settings.topic_prefix + name for name in ALL_TOPICS], "made": made}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif settings.kafka:
        typer.echo(f"主题 topics {len(ALL_TOPICS)} · 新建 made {len(made)}{': ' if made else ''}{', '.join(made)}")
    else:
        typer.echo("内置日志的主题在首次写入时建立 the embedded log makes topics when they are first written to")

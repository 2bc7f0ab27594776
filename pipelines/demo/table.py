"""The summary of a demonstration: tables for people, one document for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipelines.demo.run import Demonstration
from xiezhi.domain.money import yuan


def document(demo: Demonstration) -> dict[str, Any]:
    """The whole demonstration as one JSON document."""
    return {
        "home": str(demo.home),
        "day": demo.day.isoformat(),
        "accounts": demo.accounts,
        "steps": demo.steps,
        "seconds": {name: round(value, 2) for name, value in demo.seconds.items()},
        "peak_mb": demo.peak_mb,
        "schemes": [asdict(each) for each in demo.schemes],
        "touching": [asdict(each) for each in demo.touching],
    }


def print_table(demo: Demonstration) -> None:
    """What came in, what was found, what the stream, the cases and the ratings say, findings by rule, seconds, and the truth."""
    from pipelines.console import wide_console

    console = wide_console()
    steps = demo.steps
    ingest, sweep, stream, queue = steps["ingest"], steps["sweep"], steps["stream"], steps["cases.list"]
    tables = ingest["tables"].values()
    _facts(
        console,
        "演示结果 demonstration",
        ("费用明细 fee lines", f"{sweep['lines']:,}"),
        ("参保人 persons", f"{sweep['persons']:,}"),
        ("入库行 rows accepted", f"{sum(each['accepted'] for each in tables):,}"),
        ("隔离行 rows quarantined", f"{sum(each['quarantined'] for each in tables):,}"),
        ("疑点 findings", f"{sweep['findings']:,}"),
        ("证据核对未通过 refused by the evidence gate", f"{sweep['refused_by_evidence_gate']:,}"),
        ("涉及金额 yuan at stake", yuan(sweep["amount_fen"])),
        ("计入金额（每条明细只计一次） counted once", yuan(sweep["counted_amount_fen"])),
        ("用时 seconds", f"{sum(demo.seconds.values()):.0f}"),
        ("内存峰值 peak memory", f"{demo.peak_mb:,} MB"),
    )
    _facts(
        console,
        "实时与案件 stream and cases",
        (f"回放事件 events replayed ({demo.day})", f"{steps['replay']['events']:,}"),
        ("死信 dead letters", f"{stream['dead']:,}"),
        ("实时疑点 findings of the stream", f"{stream['findings']['new']:,}"),
        ("其中被全量筛查替代 of them superseded by the sweep", f"{sweep['superseded']:,}"),
        ("待办疑点案件 cases in the queue", f"{queue['total']['cases']:,}"),
        ("案件金额 yuan in the queue", yuan(queue["total"]["amount_fen"])),
        ("低于最高等级的机构 institutions below the best grade", f"{_below_best(steps['credit']):,}"),
    )
    _queue(console, queue)
    _by_rule(console, sweep)
    _facts(console, "各步骤用时（秒） seconds by step", *((name, f"{value:.1f}") for name, value in demo.seconds.items()))
    _detection(console, demo)
    console.print(f"报告页面 page: {sweep['page']}", soft_wrap=True)


def _below_best(credit: dict[str, Any]) -> int:
    return sum(each["grade"] != credit["grades"][0] for each in credit["ratings"])


def _facts(console: Any, title: str, *rows: tuple[str, str]) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    for label, value in rows:
        table.add_row(label, value)
    console.print(table)


def _queue(console: Any, queue: dict[str, Any]) -> None:
    from rich.table import Column, Table

    table = Table(
        Column("案件 case", no_wrap=True),
        Column("机构 institution", no_wrap=True),
        Column("参保人或主题 person or theme", overflow="fold"),
        Column("类型 verdict", no_wrap=True),
        *(Column(name, justify="right", no_wrap=True) for name in ("疑点 n", "金额 yuan", "优先级 priority")),
        title="待办前列 first of the queue",
        title_justify="left",
    )
    for row in queue["cases"]:
        about = row["person_masked"] or row["theme"]
        numbers = (str(row["findings"]), yuan(row["amount_fen"]), f"{row['priority']:,}")
        table.add_row(row["case_id"], row["institution_code"], about, row["verdict"], *numbers)
    console.print(table)


def _by_rule(console: Any, sweep: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title="疑点 findings", title_justify="left")
    table.add_column("规则 rule", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_column("类型 verdict", no_wrap=True)
    for name in ("疑点 n", "涉及 yuan", "计入 counted"):
        table.add_column(name, justify="right", no_wrap=True)
    for rule, row in sorted(sweep["totals"]["rule"].items(), key=lambda item: -item[1]["counted_amount_fen"]):
        known = sweep["rules"][rule]
        table.add_row(
            rule, known["title"], known["verdict"], f"{row['findings']:,}", yuan(row["amount_fen"]), yuan(row["counted_amount_fen"])
        )
    console.print(table)


def _detection(console: Any, demo: Demonstration) -> None:
    from rich.table import Table

    table = Table(title="与注入的真相对照 detection against the injected truth", title_justify="left")
    table.add_column("情景 scheme")
    for name in ("明细 lines", "参保人 persons", "机构 places", "金额 money"):
        table.add_column(name, justify="right")
    for each in demo.schemes:
        table.add_row(
            each.scheme,
            f"{each.lines_found:,}/{each.lines_true:,}",
            f"{each.persons_found:,}/{each.persons_true:,}",
            f"{each.institutions_found}/{each.institutions_true}",
            f"{each.money_share:.0%}",
        )
    console.print(table)
    for share in demo.touching:
        console.print(
            f"{share.verdict}: {share.touching:,}/{share.findings:,} 触及真相 touch the truth ({share.share:.0%})", soft_wrap=True
        )


def print_users(demo: Demonstration, password: str, url: str, *, stderr: bool) -> None:
    """The accounts, their one password, and where to sign in.

    Args:
        demo: the demonstration.
        password: of all accounts.
        url: address of the pages; empty where they are not served.
        stderr: leave stdout alone.
    """
    import shlex

    import typer

    where = f"打开 open {url}" if url else f"启动网页 serve the pages: XIEZHI_HOME={shlex.quote(str(demo.home))} xiezhi serve"
    typer.echo(f"{where}\n账号 users: {' '.join(demo.accounts)}\n口令（仅显示一次） password, shown once: {password}", err=stderr)
    if url:
        typer.echo("按 Ctrl+C 结束。Ctrl+C ends.", err=stderr)

"""The summary of a demonstration: one table for people, one document for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipelines.demo.run import Demonstration
from xiezhi.domain.money import yuan


def document(demo: Demonstration) -> dict[str, Any]:
    """The whole demonstration as one JSON document."""
    return {
        "home": str(demo.home),
        "steps": demo.steps,
        "seconds": {name: round(value, 2) for name, value in demo.seconds.items()},
        "peak_mb": demo.peak_mb,
        "schemes": [asdict(each) for each in demo.schemes],
        "touching": [asdict(each) for each in demo.touching],
    }


def print_table(demo: Demonstration) -> None:
    """Lines, quarantined rows, findings by rule and verdict, yuan, and what was found of the injected truth."""
    from rich.table import Table

    from pipelines.console import wide_console

    console = wide_console()
    ingest, sweep = demo.steps["ingest"], demo.steps["sweep"]
    tables = ingest["tables"].values()
    facts = Table(title="演示结果 demonstration", title_justify="left", show_header=False)
    facts.add_column("")
    facts.add_column("", justify="right")
    for label, value in (
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
    ):
        facts.add_row(label, value)
    console.print(facts)
    _by_rule(console, sweep)
    _detection(console, demo)
    console.print(f"报告页面 page: {sweep['page']}", soft_wrap=True)


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

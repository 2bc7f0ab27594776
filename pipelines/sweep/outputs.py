"""What a sweep shows and writes: the `--out` file, the tables on the terminal, the JSON document."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.sweep.run import Outcome, month_text
from xiezhi.domain.errors import UsageError
from xiezhi.domain.finding import Finding
from xiezhi.domain.money import yuan
from xiezhi.storage.findings import to_arrow

FORMATS = (".parquet", ".csv", ".jsonl")


def check_out(path: Path) -> None:
    """Refuse an `--out` file of an unknown kind before any work is done."""
    if path.suffix not in FORMATS:
        raise UsageError.of(f"--out {path.name}: unknown ending", accepted=", ".join(FORMATS))


def write_out(path: Path, findings: Sequence[Finding]) -> None:
    """Write findings as Parquet, CSV (lists as JSON) or JSON lines, by the file's ending."""
    table = to_arrow(findings)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, path)
        return
    rows: list[dict[str, Any]] = table.to_pylist()
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows), encoding="utf-8")
        return
    import csv

    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, table.column_names)
        writer.writeheader()
        for row in rows:
            writer.writerow({k: json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for k, v in row.items()})


def totals(findings: Sequence[Finding]) -> dict[str, dict[str, tuple[int, int, int]]]:
    """Findings, amount and counted amount (fen) by rule, verdict and institution."""
    result: dict[str, dict[str, tuple[int, int, int]]] = {"rule": {}, "verdict": {}, "institution": {}}
    for finding in findings:
        for kind, key in (("rule", finding.rule_id), ("verdict", finding.verdict), ("institution", finding.institution_code)):
            count, amount, counted = result[kind].get(key, (0, 0, 0))
            result[kind][key] = (count + 1, amount + finding.amount_fen, counted + finding.counted_amount_fen)
    return result


def unknown_by_rule(unknown: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """How often each rule stayed unknown, by missing field."""
    result: dict[str, dict[str, int]] = defaultdict(dict)
    for (rule, name), count in sorted(unknown.items()):
        result[rule][name] = count
    return dict(result)


def document(outcome: Outcome) -> dict[str, Any]:
    """The run as one JSON document."""
    by = totals(outcome.open)
    return {
        "run_id": outcome.run_id,
        "from": month_text(outcome.request.from_month),
        "to": month_text(outcome.request.to_month),
        "engine": outcome.request.engine,
        "lines": outcome.lines,
        "persons": outcome.persons,
        "rules_version": outcome.rules.version,
        "knowledge_version": outcome.knowledge_version,
        "data_version": outcome.data_version,
        "findings": len(outcome.open),
        "amount_fen": sum(f.amount_fen for f in outcome.open),
        "counted_amount_fen": sum(f.counted_amount_fen for f in outcome.open),
        "new": len(outcome.changes.new),
        "revised": len(outcome.changes.revised),
        "refreshed": len(outcome.changes.refreshed),
        "superseded": len(outcome.changes.superseded),
        "unchanged": outcome.changes.unchanged,
        "refused_by_evidence_gate": len(outcome.refused),
        "totals": {
            kind: {key: {"findings": n, "amount_fen": a, "counted_amount_fen": c} for key, (n, a, c) in sorted(entries.items())}
            for kind, entries in by.items()
        },
        "rules": {
            rule: {"title": outcome.rules.rules[rule].title, "verdict": outcome.rules.rules[rule].verdict} for rule in sorted(by["rule"])
        },
        "unknown": unknown_by_rule(outcome.unknown),
        "seconds": {name: round(value, 3) for name, value in outcome.seconds.items()},
    }


def print_summary(outcome: Outcome) -> None:
    """Tables by verdict, rule and institution on the terminal."""
    from rich.table import Table

    from pipelines.console import wide_console

    console = wide_console()
    by = totals(outcome.open)

    def show(title: str, entries: Sequence[tuple[str, str, tuple[int, int, int]]]) -> None:
        table = Table(title=title, title_justify="left")
        table.add_column("", no_wrap=True)
        table.add_column("", overflow="fold")
        for name in ("疑点 n", "涉及 yuan", "计入 counted"):
            table.add_column(name, justify="right", no_wrap=True)
        for key, label, (count, amount, counted) in entries:
            table.add_row(key, label, f"{count:,}", yuan(amount), yuan(counted))
        console.print(table)

    names = {"definite": "明确", "suspicious": "可疑", "indicator": "提示"}
    show("按结果类型 by verdict", [(key, names[key], value) for key, value in sorted(by["verdict"].items())])
    ordered = sorted(by["rule"].items(), key=lambda item: (-item[1][2], item[0]))
    show("按规则 by rule", [(key, outcome.rules.rules[key].title, value) for key, value in ordered])
    top = sorted(by["institution"].items(), key=lambda item: (-item[1][2], item[0]))[:10]
    show("计入金额最高的机构 institutions with the most counted money", [(key, "", value) for key, value in top])
    changes = outcome.changes
    console.print(
        f"费用明细 lines {outcome.lines:,} · 参保人 persons {outcome.persons:,} · 疑点 findings {len(outcome.open):,} "
        f"(新增 new {len(changes.new):,}, 修订 revised {len(changes.revised):,}, 失效 superseded {len(changes.superseded):,}, "
        f"未变 unchanged {changes.unchanged:,}) · 证据核对未通过 refused {len(outcome.refused):,}"
    )
    for refused in outcome.refused[:10]:
        console.print(f"  {refused.finding.rule_id} {refused.finding.finding_id}: {refused.reason}", markup=False)

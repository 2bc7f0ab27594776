"""The command `xiezhi features`."""

from __future__ import annotations

from typing import Annotated

import typer


def features(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="月份（默认最近一月）。Month (default: the last).")
    ] = None,
    all_months: Annotated[bool, typer.Option("--all", help="所有已入库的月份。All stored months.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """特征：按月计算机构、医师、参保人的指标并保存，只用当月末已知的事实。Features of a month, from what was known at its end.

    已是最新的月份不重算。指标只用于排序和解释，不作为认定依据。

    Months whose features are up to date are not built again. Features order and explain work; they decide nothing.
    """
    from pipelines.features import ensure_features, last_full_month, stored_months
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings
    from xiezhi.storage.delta import DeltaStore

    if month is not None and all_months:
        raise UsageError.of("--month and --all together", accepted="one of them")
    chosen = load_settings()
    store = DeltaStore.of_home(chosen.home)
    months = stored_months(store)
    if not months:
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…")
    wanted = months if all_months else [month or last_full_month(store)]
    done = ensure_features(
        chosen.home, wanted, rules_dir=chosen.rules_dir, threads=chosen.threads, say=lambda text: typer.echo(text, err=True)
    )
    if as_json:
        import json

        typer.echo(json.dumps({"built": done.built, "present": done.present, "rows": done.rows}, ensure_ascii=False, indent=2))
        return
    typer.echo(f"已计算 built: {', '.join(done.built) or '—'}；已是最新 up to date: {', '.join(done.present) or '—'}")
    words = {"institution": "机构 institutions", "practitioner": "医师 practitioners", "person": "参保人 persons"}
    for name, count in done.rows.items():
        typer.echo(f"{words[name]}: {count:,}")

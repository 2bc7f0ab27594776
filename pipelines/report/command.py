"""The command `xiezhi report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="服务月份。Service month.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="输出目录（默认数据目录下 reports）。Folder.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", metavar="zh|en", help="语言（默认按设置）。Language.")] = None,
    dated: Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="成文日期（默认月末）。Date of issue.")] = None,
    template: Annotated[Path | None, typer.Option("--template", metavar="FILE", help="改过的 Word 模板。An edited template.")] = None,
    save_template: Annotated[
        Path | None, typer.Option("--save-template", metavar="FILE", help="只写出内置 Word 模板。Only write the built-in template.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """月报：一个月的疑点、线索、机构、规则和核查建议，Excel 工作簿和公文格式 Word 各一份。A month as an Excel workbook and a Word report.

    同样的数据、规则和判定，生成的文件逐字节相同。署名单位见设置 XIEZHI_ISSUER。

    The same data, rules and decisions give the same bytes. The setting XIEZHI_ISSUER names who signs.
    """
    from datetime import date

    from pipelines.report.run import document, print_summary, save_builtin, write_report
    from pipelines.sweep.months import month_option
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings

    settings = load_settings()
    chosen = lang or settings.lang
    if chosen not in ("zh", "en"):
        raise UsageError.of(f"--lang {chosen}", accepted="zh, en")
    if save_template is not None:
        save_builtin(save_template, chosen)
        typer.echo(f"Word 模板 template: {save_template}", err=True)
        return
    number = month_option("--month", month)
    if number is None:
        raise UsageError.of("--month is missing", accepted="--month YYYY-MM, such as --month 2026-05")
    try:
        on = date.fromisoformat(dated) if dated else None
    except ValueError:
        raise UsageError.of(f"--date {dated}", accepted="YYYY-MM-DD, such as 2026-06-05") from None
    written = write_report(settings, number, out or settings.home / "reports", chosen, dated=on, template=template)
    if as_json:
        import json

        typer.echo(json.dumps(document(written), ensure_ascii=False, indent=2))
    else:
        print_summary(written)

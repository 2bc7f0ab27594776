"""The command `xiezhi audit verify`."""

from __future__ import annotations

from typing import Annotated

import typer


def verify(
    head: Annotated[str, typer.Option("--head", metavar="HASH", help="另行保存的末尾散列值。A last hash that was kept outside.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """核验审计日志：改动、删除、调换、截断都会被发现并指出位置。Check the audit log; a change, gap, swap or cut is found and placed.

    把打印的末尾散列值保存到别处，以后用 --head 核对，可发现整体重写。

    Keep the printed hash somewhere else; with --head a log that was rewritten as a whole shows too.
    """
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.audit_log import verify_log
    from xiezhi.storage.sql.database import Database

    found = verify_log(Database(load_settings().database), head)
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    elif found.broken_at is None:
        typer.echo(f"完整 whole: {found.rows} 行 rows · 末尾 last hash {found.head}")
    else:
        typer.echo(f"第 {found.broken_at} 行处断开 broken at row {found.broken_at}: {found.why}")
    if found.broken_at is not None:
        raise typer.Exit(1)

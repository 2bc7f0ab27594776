"""The command `xiezhi db upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer


def upgrade(as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False) -> None:
    """建立或升级数据库表（SQLite 或 PostgreSQL）。Create or upgrade the tables of the database."""
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.database import Database
    from xiezhi.storage.sql.migrate import upgrade as run

    database = Database(load_settings().database)
    before, after = run(database)
    if as_json:
        import json

        typer.echo(json.dumps({"database": database.shown, "before": before, "after": after}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{database.shown}: {before or '—'} → {after}")

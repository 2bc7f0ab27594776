"""The commands `xiezhi user add` and `xiezhi user list`."""

from __future__ import annotations

from typing import Annotated

import typer


def add(
    username: Annotated[str, typer.Argument(metavar="NAME", help="账号。Account name.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="角色，如 inspector、reviewer、supervisor、admin。Role.")],
    password: Annotated[
        str,
        typer.Option(
            "--password",
            envvar="XIEZHI_PASSWORD",
            prompt=True,
            confirmation_prompt=True,
            hide_input=True,
            help="口令（默认询问）。Password.",
        ),
    ],
    region: Annotated[
        list[str] | None, typer.Option("--region", metavar="CODE", help="可见区划，含下级。Regions that may be seen.")
    ] = None,
    institution: Annotated[
        list[str] | None, typer.Option("--institution", metavar="CODE", help="仅可见这些机构。Only these institutions.")
    ] = None,
    everything: Annotated[bool, typer.Option("--everything", help="可见全部。May see everything.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """新增账号及其可见范围；口令只保存散列值。Add an account and what its organisation may see; only a hash of the password is kept."""
    from datetime import datetime

    from pipelines.cases.app import Desk
    from xiezhi.domain.actor import SYSTEM, Role, Scope
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.users import add_user

    roles = [each.value for each in Role if each is not Role.SYSTEM]
    if role not in roles:
        raise UsageError.of(f"--role {role}", accepted=", ".join(roles))
    if everything == bool(region or institution):
        raise UsageError.of("what may the account see?", accepted="either --everything, or --region and --institution")
    scope = Scope.all() if everything else Scope.of(region or (), institution or ())
    user = add_user(Desk.of(load_settings()).database, SYSTEM, username, password, Role(role), scope, datetime.now())
    if as_json:
        import json

        typer.echo(json.dumps({"username": user.username, "role": user.role.value}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"已新增 added {user.username} ({user.role.value})")


def list_(as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False) -> None:
    """列出账号、角色和可见范围。List accounts, roles and what they may see."""
    from pipelines.cases.app import Desk
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.users import list_users

    rows = [
        {
            "username": user.username,
            "role": user.role.value,
            "everything": user.scope.everything,
            "regions": sorted(user.scope.regions),
            "institutions": sorted(user.scope.institutions),
            "active": user.active,
        }
        for user in list_users(Desk.of(load_settings()).database)
    ]
    if as_json:
        import json

        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from rich.table import Table

    from pipelines.console import wide_console

    table = Table("账号 user", "角色 role", "可见 may see", "启用 active")
    for user in list_users(Desk.of(load_settings()).database):
        sees = "全部 everything" if user.scope.everything else " ".join(sorted(user.scope.institutions or user.scope.regions)) or "—"
        table.add_row(user.username, user.role.value, sees, "是 yes" if user.active else "否 no")
    wide_console().print(table)

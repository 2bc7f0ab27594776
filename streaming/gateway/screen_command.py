"""The command `xiezhi screen`."""

from __future__ import annotations

from typing import Annotated

import typer


def screen(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="一份 3101 或 3102 报文（JSON），- 为标准输入。One request; - reads stdin.")
    ],
) -> None:
    """审核一份事前或事中报文，输出响应报文。Screen one 3101 or 3102 request (full envelope, JSON) and print the response, JSON.

    按已入库的历史和报文内容判断；不保存任何内容，不受响应时限约束。

    Judged with the stored history and the message; nothing is stored and no time limit applies.
    Exit code 1 where the message is refused (infcode -1).
    """
    import json
    import sys
    from pathlib import Path

    from streaming.gateway.app import screen_once
    from xiezhi.domain.errors import UsageError
    from xiezhi.settings import load_settings

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError.of(f"{file}: {error.strerror}", accepted="a file, or - for stdin") from None
    chosen = load_settings()
    answer = json.loads(screen_once(body, chosen.home, chosen.rules_dir, chosen.threads))
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    if answer["infcode"] != 0:
        raise typer.Exit(1)

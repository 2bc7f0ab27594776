"""The command `xiezhi serve`."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[str, typer.Option("--host", help="监听地址，默认仅本机。Address; this machine only by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="端口。Port.")] = 8400,
) -> None:
    """启动审核网页：待办、疑点案件、机构。Serve the web pages: queue, cases, institutions.

    先用 xiezhi user add 新增账号。对外服务请置于 TLS 反向代理之后。

    Add an account with `xiezhi user add` first. Beyond this machine put it behind a proxy with TLS.
    """
    import uvicorn

    from supervision_ui.app import create_app
    from xiezhi.settings import load_settings

    application = create_app(load_settings())
    typer.echo(f"http://{host}:{port}/", err=True)
    # Only a proxy on this machine may say that the visitor came by TLS.
    uvicorn.run(application, host=host, port=port, access_log=False, log_level="warning", server_header=False)

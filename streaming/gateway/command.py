"""The command `xiezhi gateway`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streaming.gateway.http import Application


def gateway(
    host: Annotated[
        str, typer.Option("--host", help="监听地址；本机以外须先配置密钥。Address; beyond this machine keys are needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="端口。Port.")] = 8410,
) -> None:
    """启动接口服务：3101、3102、3103。Serve the HTTP interface 3101, 3102, 3103 (also /healthz, /readyz, /metrics).

    系统不可用或超时时不阻断医院业务：仍返回 infcode 0，并说明哪些内容未审核。规则或知识点更新后数秒内自动生效（或发 SIGHUP）。

    Fail-open: where something is slow or down the answer is infcode 0 and says what was not checked. New rules or
    knowledge points take effect within seconds (or on SIGHUP). Messages go to the log that XIEZHI_KAFKA names.
    """
    from streaming.app import open_log
    from streaming.gateway.app import build
    from streaming.gateway.credentials import check_address, read_keys
    from streaming.gateway.http import Application
    from xiezhi.settings import load_settings

    chosen = load_settings()
    keys = read_keys(chosen.gateway_keys.get_secret_value())
    check_address(host, keys)
    with open_log(chosen) as events:
        application = Application(build(chosen.home, chosen.rules_dir, chosen.threads, events=events), keys)
        serve(application, host, port)


def serve(application: Application, host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    import uvicorn

    typer.echo(f"http://{host}:{port}/fsi", err=True)
    config = uvicorn.Config(
        application, host=host, port=port, lifespan="on", access_log=False, log_level="warning",
        server_header=False, limit_concurrency=2_000, timeout_keep_alive=30,
    )  # fmt: skip
    uvicorn.Server(config).run()

"""The command `xiezhi ingest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ingest(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="文件夹或文件（parquet、csv、xlsx）。Folders or files of the national tables.")
    ],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="列名与取值对照（YAML）。Names and values of the sender, YAML.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 文档。Print one JSON document.")] = False,
) -> None:
    """导入国家标准表到数据湖：逐行校验，问题行隔离并说明原因，不重复入库。Load the national tables; bad rows go to quarantine with reasons.

    表由文件名识别，如 fee_list_d.parquet、fee_list_d_2026-05.csv；CSV 编码（UTF-8、GB18030）自动识别。再次导入同一文件不会重复入库。
    列名不同时用 --mapping 文件，按表写 files、columns（文件列名: 国标列名）、values（国标列名: {文件取值: 国标取值}）。

    Tables are known by file name; the CSV encoding is detected; loading a file again stores nothing twice. Exit code 1: some rows or files
    were not loaded (they are listed; the good ones are). A mapping file holds, by table, `files` (patterns), `columns` (name in the file:
    national name) and `values` (national name: {value in the file: national value}).
    """
    from pipelines.ingest.console import print_report, progress_to
    from pipelines.ingest.mapping import load_mapping
    from pipelines.ingest.run import ingest as load
    from xiezhi.settings import load_settings
    from xiezhi.storage.delta import DeltaStore

    chosen = load_settings()
    mappings = load_mapping(mapping) if mapping is not None else None
    with progress_to() as progress:
        report = load(paths, DeltaStore.of_home(chosen.home), mappings=mappings, progress=progress, threads=chosen.threads)
    if as_json:
        import json

        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        print_report(report)
    if not report.clean:
        raise typer.Exit(1)

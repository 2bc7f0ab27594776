"""The page of the whole chain runs as it is written: each command of its shell blocks, in order, on a sample of the shared region.

Where there is no shared region, a small one is simulated. Kills: a command, option or file of the page that is not there any more, a
step that fails where nobody has decided anything yet, a server that does not answer, Chinese and English halves that differ.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from tests.conftest import find_shared_data

pytestmark = [pytest.mark.checkout, pytest.mark.slow]

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SERVERS = {"xiezhi serve": "/login", "xiezhi gateway": "/readyz"}
"""Commands that go on until they are ended, and a page that answers once they are ready."""
STOCK = ("fsi_3501", "fsi_3502", "fsi_3503", "fsi_3504")


def commands(text: str) -> list[str]:
    """The lines of the shell blocks without building the environment, which the test has."""
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    assert lines[0] == "make setup"
    return lines[1:]


def tables(folder: Path) -> None:
    """Claims of a few hundred persons in `folder`, with a last month that begins in 2026-01, and a list of knowledge points beside it."""
    shared, points = find_shared_data(), folder.parent
    if shared is None:
        arguments = ["--persons", "300", "--months", "2", "--start", "2025-12", "--out", str(folder)]
        subprocess.run([".venv/bin/xiezhi", "simulate", *arguments], cwd=folder.parents[2], check=True, capture_output=True)
        for name in ("points", "codes"):
            shutil.move(folder / "knowledge" / f"{name}.csv", points / f"{name}.csv")
        return
    folder.mkdir()
    connection = duckdb.connect()
    for file in sorted((shared / "region").glob("*.parquet")):
        if file.stem in STOCK:
            continue  # stock of whole institutions says nothing beside the claims of a few persons
        names = {row[0] for row in connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(file)]).fetchall()}
        chosen = "psn_no IN (SELECT psn_no FROM kept)" if "psn_no" in names else "true"
        if file.stem == "fee_list_d":
            people = "SELECT DISTINCT psn_no FROM read_parquet(?) ORDER BY hash(psn_no) LIMIT 300"
            connection.execute(f"CREATE TABLE kept AS {people}", [str(file)])
        connection.execute(f"COPY (SELECT * FROM read_parquet('{file}') WHERE {chosen}) TO '{folder / file.name}' (FORMAT parquet)")
    for name in ("points", "codes"):
        shutil.copy(shared / "nhsa_points_2026" / f"{name}.csv", points / f"{name}.csv")


@contextmanager
def serving(line: str, cwd: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server of the page on a free port; its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (cwd / "server.log").open("w") as log:
        process = subprocess.Popen([*shlex.split(line), "--port", str(port)], cwd=cwd, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(300):
                assert process.poll() is None, (cwd / "server.log").read_text("utf-8")[-2000:]
                try:
                    with urllib.request.urlopen(url + SERVERS[line]) as answer:
                        assert answer.status == 200
                    break
                except urllib.error.URLError:
                    time.sleep(0.1)
            else:
                pytest.fail(f"{line} does not answer: {(cwd / 'server.log').read_text('utf-8')[-2000:]}")
            yield url
        finally:
            process.terminate()
            process.wait(20)


def test_the_page_of_the_whole_chain_runs(checkout: Path, tmp_path: Path) -> None:
    page = (checkout / "docs" / "how-to" / "whole-chain.md").read_text("utf-8")
    chinese, english = (commands(half) for half in page.split("\n---\n"))
    assert chinese == english
    for name in (".venv", "rules", "docs"):
        (tmp_path / name).symlink_to(checkout / name)
    (tmp_path / "path" / "to").mkdir(parents=True)
    tables(tmp_path / "path" / "to" / "tables")
    environment = {**os.environ, "XIEZHI_PASSWORD": "a long pass phrase", "COLUMNS": "200", "XIEZHI_RULES_DIR": str(checkout / "rules")}
    exports = [line for line in chinese if line.startswith("export ")]
    printed: dict[str, str] = {}

    def run(line: str) -> str:
        script = "\n".join([*exports, line])
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout + done.stderr

    home = run('printf "%s\\n%s" "$XIEZHI_HOME" "$PATH"').split("\n")
    environment |= {"XIEZHI_HOME": home[0], "PATH": home[1]}
    at = 0
    while at < len(chinese):
        line = chinese[at]
        if line in SERVERS:
            with serving(line, tmp_path, environment) as url:
                while at + 1 < len(chinese) and chinese[at + 1].startswith("curl "):
                    at += 1
                    printed["curl"] = run(re.sub(r"http://127\.0\.0\.1:\d+", url, chinese[at]))
        elif line not in exports:
            printed[line.removeprefix("xiezhi ").split(" -")[0]] = run(line)
        at += 1
    assert "few decisions" in printed["train"], "nobody has decided: the peer models alone"
    assert "anomaly.institution: 版本 version 1 champion" in printed["train"]
    assert "no champion: supervised.case" in printed["score"]
    assert len((tmp_path / "findings.csv").read_text("utf-8").splitlines()) > 1
    assert int(re.search(r"opened (\d+)", printed["cases open"])[1]) > 0  # type: ignore[index]
    assert sorted(file.suffix for file in (tmp_path / "var" / "reports").glob("2026-01*")) == [".docx", ".xlsx"]
    assert re.search(r"superseded 0\b", printed["stream"]), "the stream agrees with the sweep: nothing of it goes"
    for answer in (printed["screen docs/examples/claim-3102.json"], printed["curl"]):
        document = json.loads(answer)
        assert [(each["rule_id"], each["vola_amt"]) for each in document["output"]["result"]] == [("GZ10000102014000", 40.0)]

"""The tutorial runs as it is written: every shell block, in order, in a copy of the rule base; what it prints is what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.checkout, pytest.mark.slow]

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial_runs_and_prints_what_it_says(checkout: Path, tmp_path: Path) -> None:
    page = (checkout / "docs" / "tutorial" / "first-rule.md").read_text("utf-8")
    blocks = BLOCK.findall(page)
    shutil.copytree(checkout / "rules", tmp_path / "rules")
    (tmp_path / ".venv").symlink_to(checkout / ".venv")
    script = "\n".join(text for kind, text in blocks if kind == "sh")
    environment = {**os.environ, "COLUMNS": "200"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    printed = run.stdout + run.stderr
    wanted = [line for kind, text in blocks if kind == "text" for line in text.splitlines()]
    assert wanted
    assert [line for line in wanted if line not in printed] == []
    assert "XZ-TU-001" in run.stdout.rpartition("finding_id")[2], "the sweep finds something"
    before = {path.relative_to(checkout): path.read_bytes() for path in (checkout / "rules").rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path): path.read_bytes() for path in (tmp_path / "rules").rglob("*") if path.is_file()} == before

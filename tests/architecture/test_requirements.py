"""What is absent makes a test skip at home and fail where it is required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import pytest

def test_fixture(shared_data): pass

@pytest.mark.data
def test_mark(): pass

def test_service(unavailable): unavailable("services", "no Kafka: set XIEZHI_TEST_KAFKA")
"""


@pytest.mark.parametrize(
    ("required", "told"),
    [("", "3 skipped"), ("data", "1 skipped, 2 errors"), ("services", "1 failed, 2 skipped"), ("services,data", "1 failed, 2 errors")],
)
def test_absence_is_a_skip_or_a_failure(required: str, told: str, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent.parent / "conftest.py", tmp_path)
    (tmp_path / "test_probe.py").write_text(PROBE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    data: needs data\n")
    environment = {**os.environ, "XIEZHI_REQUIRE": required, "XIEZHI_SHARED_DATA": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "test_probe.py"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert told in run.stdout.splitlines()[-1], run.stdout
    assert "set XIEZHI_SHARED_DATA" in run.stdout
    assert "set XIEZHI_TEST_KAFKA" in run.stdout

"""The locks are whole and name no place; tracked files hold no path of anyone's machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)( ; [^\\]*?)? \\$")


def pins(path: Path) -> dict[tuple[str, str], str]:
    """(name, marker) to version; a line that is neither a pin nor a hash fails."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        if match := PIN.match(line):
            found[match[1], match[3] or ""] = match[2]
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    return found


def normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_both_locks_pin_with_hashes_and_agree(checkout: Path) -> None:
    core, dev = (pins(checkout / "requirements" / f"{name}.txt") for name in ("core", "dev"))
    locked = {(name, version) for (name, _), version in dev.items()}
    assert {(name, version) for (name, _), version in core.items()} <= locked


def test_every_dependency_is_locked(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    core, dev = ({name for name, _ in pins(checkout / "requirements" / f"{kind}.txt")} for kind in ("core", "dev"))
    assert {normal(line) for line in project["dependencies"]} <= core
    assert {normal(line) for extra in project["optional-dependencies"].values() for line in extra} <= dev


def test_no_machine_and_no_registry_is_named(checkout: Path) -> None:
    files = subprocess.run(["git", "ls-files"], cwd=checkout, capture_output=True, text=True, check=True).stdout.split("\n")
    texts = [
        name
        for name in files
        if Path(name).suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".cfg"} or name in {"Makefile", ".ci/run", ".ci/setup"}
    ]
    forbidden = re.compile("|".join(["/wo" + "rk/", "/ro" + "ot/", "index" + "-url [^-]", "extra-" + "index"]))
    told = [
        f"{name}: {hit[0]}"
        for name in texts
        if (checkout / name).exists()
        for hit in [forbidden.search((checkout / name).read_text("utf-8"))]
        if hit
    ]
    assert told == []


def test_the_scripts_can_be_run(checkout: Path) -> None:
    for name in ("run", "setup"):
        assert (checkout / ".ci" / name).stat().st_mode & 0o111

"""The documentation is complete and current: generated pages, headings, links, the two READMEs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from xiezhi.cli import entry_points
from xiezhi.settings import Settings

pytestmark = pytest.mark.checkout

HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def headings(path: Path) -> list[str]:
    return HEADING.findall(path.read_text("utf-8"))


def test_generated_pages_are_current(checkout: Path) -> None:
    folder = checkout / "docs" / "reference"
    for name, text in runpy.run_path(str(folder / "generate.py"))["pages"]().items():
        assert (folder / name).read_text("utf-8") == text, f"{name} is stale: make docs"


def test_every_command_and_setting_has_a_heading(checkout: Path) -> None:
    folder = checkout / "docs" / "reference"
    assert {f"xiezhi {name.replace('.', ' ')}" for name in entry_points()} <= set(headings(folder / "cli.md"))
    assert {f"XIEZHI_{name.upper()}" for name in Settings.model_fields} <= set(headings(folder / "settings.md"))


def test_links_lead_somewhere(checkout: Path) -> None:
    pages = [*checkout.glob("*.md"), *(checkout / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(checkout)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_two_readmes_have_the_same_parts(checkout: Path) -> None:
    english, chinese = (checkout / name for name in ("README.md", "README.zh-CN.md"))

    def skeleton(page: Path) -> tuple[list[int], list[str], list[str]]:
        text = page.read_text("utf-8")
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        targets = [target for target in LINK.findall(text) if not target.startswith("README")]
        return levels, targets, re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)

    assert skeleton(english)[:2] == skeleton(chinese)[:2]
    assert len(skeleton(english)[2]) == len(skeleton(chinese)[2])


def test_commands_in_the_documentation_exist(checkout: Path) -> None:
    known = {name.replace(".", " ") for name in entry_points()} | {name.split(".")[0] for name in entry_points()}
    pages = [*checkout.glob("*.md"), *(checkout / "docs" / "tutorial").rglob("*.md"), *(checkout / "docs" / "how-to").rglob("*.md")]
    for page in pages:
        for block in re.findall(r"^```(?:sh|bash)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for first, second in re.findall(r"^\$? ?(?:\.venv/bin/)?xiezhi ([a-z]+)(?: ([a-z]+))?", block, re.MULTILINE):
                assert first in known or f"{first} {second}" in known, f"{page.name}: xiezhi {first} {second}"

"""The example of docs/how-to/add-a-detector.md works as printed and passes the checks it talks about."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from models.checks import CHECKS, check_detector

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "add-a-detector.md"
pytestmark = pytest.mark.checkout


def test_the_printed_detector_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    module = types.ModuleType("box_plot_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # pickle looks the class up there
    exec(compile(blocks[0], str(PAGE), "exec"), module.__dict__)
    check_detector(module.BoxPlot())
    exec(compile(blocks[1], str(PAGE), "exec"), module.__dict__)


def test_every_check_is_explained() -> None:
    rows = re.findall(r"^\| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [row for row in rows if row != "check"] == list(CHECKS)

"""Logs: on stderr, one line an event, in either form, from the chosen level up."""

from __future__ import annotations

import json

import pytest

from xiezhi.log import configure, get_logger


def test_json_lines_carry_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    get_logger("here").info("loaded", table="fee_list_d", rows=3, name="药品")
    captured = capsys.readouterr()
    line = json.loads(captured.err)
    assert captured.out == ""
    assert (line["event"], line["level"], line["module"], line["rows"], line["name"]) == ("loaded", "info", "here", 3, "药品")


def test_text_lines_are_key_value(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "text")
    get_logger("here").warning("two words", rows=3)
    line = capsys.readouterr().err
    assert 'level=warning event="two words"' in line
    assert "rows=3" in line
    assert line.count("\n") == 1


def test_lower_levels_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logger = get_logger("made before it was configured")
    configure("error", "text")
    logger.warning("no")
    logger.error("yes")
    assert "event=no" not in (err := capsys.readouterr().err)
    assert "event=yes" in err

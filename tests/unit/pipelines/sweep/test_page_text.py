"""Texts of the page: never without one of the two languages, and with enough contrast to be read (WCAG 2.1, 1.4.3: 4.5 to 1)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from pipelines.sweep.page import both


@pytest.mark.parametrize(("zh", "en"), [("", "yes"), ("是", " "), ("", "")])
def test_a_text_without_one_of_its_languages_is_refused(zh: str, en: str) -> None:
    with pytest.raises(ValueError, match="lacks a language"):
        both(zh, en)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(char * 2 for char in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "row"), ("second", "card"), ("second", "soft"), ("second", "row"), ("second", "ground"), ("second", "blue-soft"),
        ("blue", "card"), ("blue", "blue-soft"), ("high", "high-soft"), ("mid", "mid-soft"), ("low", "low-soft"), ("#fff", "blue"),
        ("#c9d2e0", "rail"), ("#9fadc2", "rail"),
    ],
)  # fmt: skip
def test_text_can_be_read(ink: str, ground: str) -> None:
    css = files("pipelines.sweep").joinpath("templates", "page.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", css))
    light, dark = sorted((luminance(colours.get(name, name)) for name in (ink, ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5

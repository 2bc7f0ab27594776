"""The page of a sweep: one HTML file that needs nothing else, in Chinese and English, to read on a screen or on paper.

The language is switched by two radio buttons and CSS alone: no script, no request to anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.sweep import page_words as words
from pipelines.sweep.page_data import build_page
from pipelines.sweep.run import Outcome


def write_page(path: Path, outcome: Outcome, home: Path) -> None:
    """Write the page of a run; folders are made as needed, an older file of that name is replaced."""
    html = render_page(outcome, home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def render_page(outcome: Outcome, home: Path) -> str:
    """The page as text; the same run gives the same page."""
    return _environment().get_template("page.html.j2").render(page=build_page(outcome, home))


def both(zh: object, en: object) -> Markup:
    """A text in both languages, of which the page shows one; raises `ValueError` where one is empty.

    >>> both("是", "yes")
    Markup('<span class="zh" lang="zh-CN">是</span><span class="en" lang="en">yes</span>')
    """
    if not str(zh).strip() or not str(en).strip():
        raise ValueError(f"a text of the page lacks a language: {zh!r}, {en!r}")
    return Markup('<span class="zh" lang="zh-CN">{}</span><span class="en" lang="en">{}</span>').format(zh, en)


def text(value: words.Text) -> Markup:
    """A `Text` of the page; one that is the same in both languages is written once."""
    return Markup("{}").format(value.zh) if value.zh == value.en else both(value.zh, value.en)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pipelines.sweep", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = both
    made.globals["words"] = words
    made.filters.update(
        text=text, money=words.money, number=words.number, price=words.price, moment=words.moment, day=words.day, cut=words.cut
    )
    made.filters["count"] = "{:,}".format
    return made

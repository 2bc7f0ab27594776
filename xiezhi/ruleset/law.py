"""Laws as data: which article says so, and whether it holds on a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from xiezhi.domain.errors import Place, Problems
from xiezhi.ruleset.marks import read_yaml


@dataclass(frozen=True)
class Law:
    """A law, order or notice with the articles rules cite (gist of each, not its wording)."""

    id: str
    title: str
    issuer: str
    number: str
    effective_from: date
    effective_to: date | None
    articles: Mapping[str, str]

    def holds(self, on: date) -> bool:
        """Whether it is in force on a date."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True)
class Citation:
    """One article of one law, as a rule cites it."""

    law: Law
    article: str

    def __str__(self) -> str:
        return f"{self.law.title} {self.article}"

    @property
    def gist(self) -> str:
        """What the article says, in short."""
        return self.law.articles[self.article]


def load_laws(folder: Path) -> dict[str, Law]:
    """All laws below a folder by id; raises `XiezhiError` with every problem of every file."""
    problems, laws = Problems(), {}
    for path in sorted(folder.glob("*.yaml")):
        with problems.catching():
            document = read_yaml(path)
            law = _law(document.data, path, problems)
            if law is not None:
                if law.id in laws:
                    problems.add(f"law id {law.id!r} is used twice", Place(str(path)), "one file a law")
                laws[law.id] = law
    problems.raise_if_any()
    return laws


def _law(data: Any, path: Path, problems: Problems) -> Law | None:
    wanted = {"id": str, "title": str, "issuer": str, "number": str, "from": date, "articles": dict}
    if not isinstance(data, dict):
        problems.add("a law file is a mapping", Place(str(path)), ", ".join(wanted))
        return None
    bad = False
    for key, kind in wanted.items():
        if not isinstance(data.get(key), kind):
            problems.add(f"{key} is {data.get(key)!r}", Place(str(path), field=key), kind.__name__)
            bad = True
    if bad:
        return None
    articles = {str(article): str(gist) for article, gist in data["articles"].items()}
    return Law(data["id"], data["title"], data["issuer"], data["number"], data["from"], data.get("to"), articles)

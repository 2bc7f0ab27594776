"""How much of the injected truth the findings touch: the very last step of a demonstration, read only here, written back nowhere.

A line counts as found when an open finding names it, or is about its stay as a whole. A finding touches the truth when it names a true
line or a true stay.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiezhi.domain.errors import XiezhiError

LineId = tuple[str, str]
"""(fixmedins_code, bkkp_sn)."""


@dataclass(frozen=True)
class SchemeScore:
    """What was found of one scheme; every pair is (injected, found), money in fen.

    Attributes:
        persons_true, institutions_true, stays_true: entities of the truth; found: those with a true line or stay that a finding touches.
    """

    scheme: str
    lines_true: int
    lines_found: int
    stays_true: int
    stays_found: int
    persons_true: int
    persons_found: int
    institutions_true: int
    institutions_found: int
    money_true_fen: int
    money_found_fen: int

    @property
    def line_share(self) -> float:
        """Share of the lines found, 0 where there are none."""
        return self.lines_found / self.lines_true if self.lines_true else 0.0

    @property
    def money_share(self) -> float:
        """Share of the money found, 0 where there is none."""
        return self.money_found_fen / self.money_true_fen if self.money_true_fen else 0.0


@dataclass(frozen=True)
class TouchShare:
    """How many open findings of one verdict touch the truth."""

    verdict: str
    findings: int
    touching: int

    @property
    def share(self) -> float:
        """Touching ÷ all, 0 where there are none."""
        return self.touching / self.findings if self.findings else 0.0


@dataclass(frozen=True)
class _Scheme:
    lines: dict[LineId, tuple[str, str, int]]
    stays: frozenset[str]
    persons: frozenset[str]
    institutions: frozenset[str]


def score(findings: Any, truth: Path) -> list[SchemeScore]:
    """Score open findings (an Arrow table or dicts with the columns of a finding) against the truth in a folder, scheme by scheme.

    Raises:
        XiezhiError: a file of the truth is missing.
    """
    named, stays = _named(_rows(findings))
    return [_score(name, scheme, named, stays) for name, scheme in sorted(_read(truth).items())]


def touching(findings: Any, truth: Path) -> list[TouchShare]:
    """Of the open findings of each verdict (definite, suspicious, indicator), how many touch the truth of any scheme.

    Raises:
        XiezhiError: a file of the truth is missing.
    """
    schemes = _read(truth).values()
    lines = {line for scheme in schemes for line in scheme.lines}
    stays = {stay for scheme in schemes for stay in scheme.stays}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in _rows(findings):
        count = counts[str(row.get("verdict") or "")]
        count[0] += 1
        count[1] += bool(lines & set(_lines_of(row))) or row.get("encounter_id") in stays
    order = {"definite": 0, "suspicious": 1, "indicator": 2}
    return [TouchShare(verdict, *counts[verdict]) for verdict in sorted(counts, key=lambda v: (order.get(v, 3), v))]


def _rows(findings: Any) -> list[Mapping[str, Any]]:
    rows: Iterable[Mapping[str, Any]] = findings.to_pylist() if hasattr(findings, "to_pylist") else findings
    return [row for row in rows if (row.get("status") or "open") == "open"]


def _lines_of(row: Mapping[str, Any]) -> list[LineId]:
    """The lines of a finding; those of another institution are written `fixmedins_code:bkkp_sn`."""
    home = str(row.get("institution_code") or "")
    out = []
    for text in row.get("line_ids") or ():
        place, mark, number = str(text).partition(":")
        out.append((place, number) if mark else (home, place))
    return out


def _named(rows: list[Mapping[str, Any]]) -> tuple[set[LineId], set[str]]:
    """All lines that findings name, and the encounters that findings without lines are about."""
    lines: set[LineId] = set()
    stays: set[str] = set()
    for row in rows:
        of_row = _lines_of(row)
        lines.update(of_row)
        if not of_row and row.get("encounter_id"):
            stays.add(str(row["encounter_id"]))
    return lines, stays


def _score(name: str, scheme: _Scheme, named: set[LineId], stays: set[str]) -> SchemeScore:
    found = {line for line, (_, stay, _) in scheme.lines.items() if line in named or stay in stays}
    persons = {scheme.lines[line][0] for line in found}
    touched = {scheme.lines[line][1] for line in found} | stays
    places = {place for place, _ in found}
    return SchemeScore(
        scheme=name,
        lines_true=len(scheme.lines),
        lines_found=len(found),
        stays_true=len(scheme.stays),
        stays_found=len(scheme.stays & touched),
        persons_true=len(scheme.persons),
        persons_found=len(scheme.persons & persons),
        institutions_true=len(scheme.institutions),
        institutions_found=len(scheme.institutions & places),
        money_true_fen=sum(fen for _, _, fen in scheme.lines.values()),
        money_found_fen=sum(scheme.lines[line][2] for line in found),
    )


def _table(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise XiezhiError.of("no truth file", path=str(path), todo="write it with `xiezhi simulate --truth DIR`")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read(truth: Path) -> dict[str, _Scheme]:
    lines: dict[str, dict[LineId, tuple[str, str, int]]] = defaultdict(dict)
    for row in _table(truth / "truth_lines.csv"):
        lines[row["scheme"]][row["fixmedins_code"], row["bkkp_sn"]] = (row["psn_no"], row["mdtrt_id"], int(row["amount_fen"]))
    entities: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in _table(truth / "truth_entities.csv"):
        entities[row["scheme"], row["kind"]].add(row["id"])
    names = {row["scheme"] for row in _table(truth / "truth_schemes.csv")} | set(lines)
    return {
        name: _Scheme(
            lines[name],
            frozenset(entities[name, "stay"]),
            frozenset(entities[name, "person"] | {person for person, _, _ in lines[name].values()}),
            frozenset(entities[name, "institution"]),
        )
        for name in names
    }

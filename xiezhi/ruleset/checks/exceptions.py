"""Exceptions from checks, one file for all: `rules/check_exceptions.csv` with rule id, check, reason, until.

An exception holds up to and including its last day; one that has ended, or that excuses nothing any more, is itself an issue.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xiezhi.domain.errors import Place, Problem, Problems
from xiezhi.ruleset.checks.base import Issue

NAME = "check_exceptions.csv"
COLUMNS = ("rule_id", "check", "reason", "until")


@dataclass(frozen=True)
class Exempt:
    """One exception: which rule, which check, why, until when (inclusive)."""

    rule_id: str
    check: str
    reason: str
    until: date
    place: Place


def read_exceptions(folder: Path, checks: Collection[str], rules: Collection[str]) -> list[Exempt]:
    """The exceptions of a rules folder; raises `XiezhiError` with every row that cannot be used."""
    path = folder / NAME
    if not path.exists():
        return []
    problems, found = Problems(), []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            problems.add(f"columns {reader.fieldnames}", Place(str(path), 1), ",".join(COLUMNS))
            problems.raise_if_any()
        for row in reader:
            place = Place(str(path), reader.line_num)
            before = len(problems.items)
            if row["rule_id"] not in rules:
                problems.add(f"没有此规则 unknown rule {row['rule_id']!r}", place, "the id of a rule")
            if row["check"] not in checks:
                problems.add(f"没有此检查 unknown check {row['check']!r}", place, ", ".join(sorted(checks)))
            if not (row["reason"] or "").strip():
                problems.add("没有理由 an exception without a reason", place, "why the check is wrong here")
            try:
                until = date.fromisoformat(row["until"] or "")
            except ValueError:
                problems.add(f"until {row['until']!r} 不是日期 is not a date", place, "YYYY-MM-DD")
                continue
            if len(problems.items) == before:
                found.append(Exempt(row["rule_id"], row["check"], row["reason"], until, place))
    problems.raise_if_any()
    return found


def apply_exceptions(issues: Iterable[Issue], exempt: Iterable[Exempt], on: date) -> Iterator[Issue]:
    """The issues that no exception excuses on a day, then those of the exceptions themselves."""
    entries = list(exempt)
    used: set[Exempt] = set()
    for issue in issues:
        excuse = next((e for e in entries if (e.rule_id, e.check) == (issue.rule_id, issue.check)), None)
        if excuse is None:
            yield issue
            continue
        used.add(excuse)
        if excuse.until < on:
            yield issue
            what = f"例外已于 {excuse.until} 到期 the exception has ended on {excuse.until}"
            yield Issue("exceptions", excuse.rule_id, Problem(what, excuse.place, todo="mend the rule, or give a new date and reason"))
    for entry in entries:
        if entry not in used:
            what = f"例外已无用 the exception of {entry.rule_id} from {entry.check} excuses nothing"
            yield Issue("exceptions", entry.rule_id, Problem(what, entry.place, todo="remove the row"))

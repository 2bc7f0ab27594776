"""Revisions: what a new run changes about the stored findings (semantics.md 5). Running again adds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from xiezhi.domain.finding import REVISED_BY, Finding

REFRESHED_BY = ("related_line_ids", "item_code", "subject", "rule_version", "rule_hash", "class_no")
"""A change in any of these alone is written over the same revision (semantics.md 5)."""


@dataclass(frozen=True)
class Changes:
    """Rows to append: new findings, next revisions, refreshed proofs, and findings that are no longer true."""

    new: tuple[Finding, ...]
    revised: tuple[Finding, ...]
    refreshed: tuple[Finding, ...]
    superseded: tuple[Finding, ...]
    unchanged: int

    @property
    def rows(self) -> tuple[Finding, ...]:
        """All rows to append."""
        return (*self.new, *self.revised, *self.refreshed, *self.superseded)


def compare(
    found: Iterable[Finding],
    stored: Mapping[str, Finding],
    in_scope: Callable[[Finding], bool],
    *,
    data_version: str,
    found_at: datetime,
    run_id: str,
) -> Changes:
    """What to append so that the open findings in scope are exactly those found.

    Args:
        found: all findings of the run that passed the gate.
        stored: the newest row of each finding.
        in_scope: whether the run would have found a stored finding again, were it still true (its months and rules).
        data_version: versions of the tables the run read.
        found_at: the moment of the run.
        run_id: its id.
    """
    stamp = {"data_version": data_version, "found_at": found_at, "run_id": run_id}
    new: list[Finding] = []
    revised: list[Finding] = []
    refreshed: list[Finding] = []
    unchanged = 0
    seen: set[str] = set()
    for finding in found:
        seen.add(finding.finding_id)
        before = stored.get(finding.finding_id)
        if before is None:
            new.append(replace(finding, **stamp))  # type: ignore[arg-type]
        elif before.status != "open" or any(getattr(before, name) != getattr(finding, name) for name in REVISED_BY):
            revised.append(replace(finding, revision=before.revision + 1, stage=before.stage, **stamp))  # type: ignore[arg-type]
        elif any(getattr(before, name) != getattr(finding, name) for name in REFRESHED_BY):
            refreshed.append(replace(finding, revision=before.revision, stage=before.stage, **stamp))  # type: ignore[arg-type]
        else:
            unchanged += 1
    gone = [
        replace(before, status="superseded", **stamp)  # type: ignore[arg-type]
        for before in stored.values()
        if before.status == "open" and before.finding_id not in seen and in_scope(before)
    ]
    return Changes(tuple(new), tuple(revised), tuple(refreshed), tuple(gone), unchanged)

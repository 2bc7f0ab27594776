"""Cases from findings: later findings join, superseded ones leave; the result does not depend on the order in which they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from xiezhi.domain.actor import SYSTEM, Scope
from xiezhi.domain.case import Case, State, case_key
from xiezhi.domain.case_change import Counted, regroup
from xiezhi.domain.credit import INSTITUTION, Scheme
from xiezhi.domain.finding import Finding
from xiezhi.domain.queue import CaseFinding
from xiezhi.services.case_store import CaseStore, CaseUnit
from xiezhi.services.rate_credit import RatingChange, log_events, rate_subjects

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """What a run did to the cases; `ratings` changed where a decided line left."""

    opened: int
    changed: int
    withdrawn: int
    reopened: int
    dropped: int
    ratings: tuple[RatingChange, ...]


def case_findings(findings: Iterable[Finding], counted: Counted, folders: Mapping[str, str]) -> list[CaseFinding]:
    """Findings with the case they belong to.

    Args:
        findings: newest rows, of any status.
        counted: fen by finding and line, counted once over all open findings of the store.
        folders: folder of own rules (those without a class) by rule id.
    """
    return [
        CaseFinding(finding, case_key(finding, folders.get(finding.rule_id, "")), counted.get(finding.finding_id, {}))
        for finding in findings
    ]


def open_cases(store: CaseStore, scheme: Scheme, rows: Sequence[CaseFinding], *, as_of: date, at: datetime) -> Opened:
    """Bring the cases up to findings, in one transaction.

    Args:
        store: where cases live.
        scheme: gives the credit factor of institutions that have no rating yet, and rates where a decided line left.
        rows: new or changed findings (more do no harm; a row that is older than the stored one is ignored).
        as_of: date to which age is counted.
        at: the moment of the run.
    """
    with store.write() as unit:
        touched = sorted(unit.put_findings(rows))
        tally: dict[str, int] = dict.fromkeys(("opened", "changed", "withdrawn", "reopened", "dropped"), 0)
        subjects: set[tuple[str, str]] = set()
        for start in range(0, len(touched), _AT_ONCE):
            subjects |= _bring_up(unit, scheme, touched[start : start + _AT_ONCE], as_of, at, tally)
        ratings = rate_subjects(unit, scheme, subjects, as_of, at)
        if any(tally.values()):
            unit.audit(SYSTEM, [("cases.opened", f"run:{at.isoformat()}", {**tally, "findings": len(rows)})], at)
        return Opened(**tally, ratings=tuple(ratings))


def _bring_up(unit: CaseUnit, scheme: Scheme, ids: Sequence[str], as_of: date, at: datetime, tally: dict[str, int]) -> set[tuple[str, str]]:
    """Rebuild some cases from their findings; returns the rated subjects whose decided lines changed."""
    findings, before = unit.findings_of(ids), unit.cases(Scope.all(), ids)
    institutions = sorted({row.key.institution_code for each in findings.values() for row in each})
    credit = {subject: rating.queue for subject, rating in unit.ratings(INSTITUTION, institutions).items()}
    neutral = scheme.queue[scheme.grades[0][0]]
    saved: list[Case] = []
    dropped: list[str] = []
    notes: list[tuple[str, str, dict[str, Any]]] = []
    for case_id in ids:
        old, rows = before.get(case_id), findings[case_id]
        if old is None and not rows:
            continue
        key = old.key if old is not None else rows[0].key
        counted = {row.finding.finding_id: row.counted for row in rows}
        factor = credit.get(key.institution_code, neutral) if old is None else old.factors.credit
        new = regroup(old, key, [row.finding for row in rows], counted, credit=factor, as_of=as_of, at=at)
        if new == old:
            continue
        if new is None:
            dropped.append(case_id)
            notes.append(("case.dropped", case_id, {}))
            tally["dropped"] += 1
            continue
        saved.append(new)
        what = _what(old, new)
        if what and (old is None or new.version != old.version):
            tally[what] += 1
            notes.append((f"case.{what}", case_id, {"state": new.state.value, "lines": len(new.present), "amount_fen": new.amount_fen}))
    unit.drop_cases(dropped)
    unit.save_cases(saved)
    unit.audit(SYSTEM, notes, at)
    return log_events(unit, [case for case in saved if case.touched], at.date())


def _what(old: Case | None, new: Case) -> str:
    if old is None:
        return "opened"
    if old.state is not new.state:
        named = {State.WITHDRAWN: "withdrawn", State.REOPENED: "reopened"}
        return named.get(new.state, "changed")
    return "changed"

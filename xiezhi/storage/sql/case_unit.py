"""One write transaction over cases, ratings and the audit log: the adapter of `xiezhi.services.case_store`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from xiezhi.domain.actor import Actor, Scope
from xiezhi.domain.case import Case, LineId
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import CreditEvent, Rating
from xiezhi.domain.queue import WAITING, CaseFinding, order_of
from xiezhi.storage.sql import audit_log, credit_rows, finding_rows
from xiezhi.storage.sql.asking import chunks
from xiezhi.storage.sql.asking import rows as rows_of
from xiezhi.storage.sql.case_reader import load_cases
from xiezhi.storage.sql.case_rows import case_row, line_row
from xiezhi.storage.sql.models import case_lines, cases, credit_events, decisions, findings_current
from xiezhi.storage.sql.scoped import within


class SqlCaseUnit:
    """Methods and their meaning: `CaseUnit` in `xiezhi.services.case_store`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put_findings(self, rows: Sequence[CaseFinding]) -> set[str]:
        """Store rows that are newer than the stored one, and new counted amounts; returns the ids of the cases concerned."""
        last: dict[str, CaseFinding] = {}
        for row in rows:
            known = last.get(row.finding.finding_id)
            if known is None or order_of(row.finding) > order_of(known.finding):
                last[row.finding.finding_id] = row
        stored: dict[str, tuple[str, CaseFinding, dict[str, Any]]] = {}
        for part in chunks(last):
            asked = select(findings_current).where(findings_current.c.finding_id.in_(part))
            for each in rows_of(self.connection, asked):
                stored[each["finding_id"]] = (each["case_id"], finding_rows.from_row(each), each)
        touched: set[str] = set()
        new, changed = [], []
        for finding_id, row in last.items():
            before = stored.get(finding_id)
            if before is None:
                new.append(finding_rows.to_row(row))
                touched.add(row.key.case_id)
                continue
            if order_of(row.finding) < order_of(before[1].finding):
                row = replace(before[1], counted=row.counted)  # an old row that comes late; what is counted is of now
            values = finding_rows.to_row(row)
            if values != before[2]:
                changed.append({f"b_{name}": value for name, value in values.items()})
                touched |= {before[0], row.key.case_id}
        if new:
            self.connection.execute(insert(findings_current), new)
        if changed:
            columns: dict[str, Any] = {each.name: bindparam(f"b_{each.name}") for each in findings_current.c if each.name != "finding_id"}
            one = findings_current.c.finding_id == bindparam("b_finding_id")
            self.connection.execute(update(findings_current).where(one).values(columns), changed)
        return touched

    def findings_of(self, case_ids: Sequence[str]) -> dict[str, list[CaseFinding]]:
        """The newest row of every finding by case."""
        found: dict[str, list[CaseFinding]] = {case_id: [] for case_id in case_ids}
        for part in chunks(case_ids):
            asked = select(findings_current).where(findings_current.c.case_id.in_(part)).order_by(findings_current.c.finding_id)
            for row in rows_of(self.connection, asked):
                found[row["case_id"]].append(finding_rows.from_row(row))
        return found

    def cases(self, scope: Scope, case_ids: Sequence[str]) -> dict[str, Case]:
        """Cases by id, inside the scope."""
        return load_cases(self.connection, scope, case_ids)

    def open_case_ids(self, scope: Scope, subjects: Sequence[str] | None = None) -> list[str]:
        """Ids of all waiting cases, of these institutions where some are given."""
        inside = within(scope, cases.c.institution_code, cases.c.region)
        asked = select(cases.c.case_id).where(cases.c.state.in_([state.value for state in WAITING]), inside)
        if subjects is None:
            return list(self.connection.execute(asked.order_by(cases.c.case_id)).scalars())
        found: list[str] = []
        for part in chunks(subjects):
            found += self.connection.execute(asked.where(cases.c.institution_code.in_(part))).scalars()
        return sorted(found)

    def save_cases(self, cases_: Sequence[Case]) -> None:
        """Insert or replace cases with their lines."""
        self.drop_cases([case.case_id for case in cases_])
        if cases_:
            self.connection.execute(insert(cases), [case_row(case) for case in cases_])
        lines = [line_row(case.case_id, line) for case in cases_ for line in case.lines]
        if lines:
            self.connection.execute(insert(case_lines), lines)

    def drop_cases(self, case_ids: Sequence[str]) -> None:
        """Remove cases; their findings stay."""
        for part in chunks(case_ids):
            self.connection.execute(delete(case_lines).where(case_lines.c.case_id.in_(part)))
            self.connection.execute(delete(cases).where(cases.c.case_id.in_(part)))

    def save_factors(self, cases_: Sequence[Case]) -> None:
        """Write what ratings, time, signals and exploration changed of cases, and nothing else."""
        if cases_:
            names = ("credit", "age", "signal", "signal_parts", "explored", "priority")
            rows = [{f"b_{name}": case_row(case)[name] for name in ("case_id", *names)} for case in cases_]
            values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
            self.connection.execute(update(cases).where(cases.c.case_id == bindparam("b_case_id")).values(values), rows)

    def add_decisions(self, case: Case, verdicts: Mapping[LineId, Verdict], actor: Actor, at: datetime) -> None:
        """Append decisions to their history."""
        lines = {line.key: line for line in case.lines}
        rows = [
            {
                "case_id": case.case_id,
                "case_version": case.version,
                "finding_id": key[0],
                "line_id": key[1],
                "rule_id": lines[key].rule_id,
                "revision": lines[key].revision,
                "decision": verdict.decision.value,
                "reason": verdict.reason,
                "note": verdict.note,
                "simulated": verdict.simulated,
                "sample": verdict.sample,
                "actor": actor.username,
                "role": actor.role.value,
                "at": at,
            }
            for key, verdict in verdicts.items()
        ]
        if rows:
            self.connection.execute(insert(decisions), rows)

    def credit_events(self, subject_kind: str | None = None, subjects: Sequence[str] | None = None) -> list[CreditEvent]:
        """Credit events by place in the log."""
        kind = [] if subject_kind is None else [credit_events.c.subject_kind == subject_kind]
        if subjects is None:
            return credit_rows.events(self.connection, *kind)
        found: list[CreditEvent] = []
        for part in chunks(subjects):
            found += credit_rows.events(self.connection, *kind, credit_events.c.subject_id.in_(part))
        return sorted(found, key=lambda event: event.seq)

    def case_events(self, case_ids: Sequence[str]) -> list[CreditEvent]:
        """Credit events of cases by place in the log."""
        found: list[CreditEvent] = []
        for part in chunks(case_ids):
            found += credit_rows.events(self.connection, credit_events.c.case_id.in_(part))
        return sorted(found, key=lambda event: event.seq)

    def add_events(self, events: Sequence[CreditEvent]) -> None:
        """Append credit events."""
        credit_rows.add_events(self.connection, events)

    def ratings(self, subject_kind: str, subjects: Sequence[str] | None = None) -> dict[str, Rating]:
        """The newest rating by subject."""
        return credit_rows.ratings(self.connection, subject_kind, subjects)

    def add_ratings(self, ratings: Sequence[Rating], at: datetime) -> None:
        """Append ratings."""
        credit_rows.add_ratings(self.connection, ratings, at)

    def audit(self, actor: Actor, entries: Sequence[audit_log.Entry], at: datetime) -> None:
        """Append rows (action, subject, detail) to the audit log."""
        audit_log.append(self.connection, actor, entries, at)

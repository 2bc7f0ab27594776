"""Cases as rows and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from xiezhi.domain.actor import mask, region_of
from xiezhi.domain.case import Case, CaseKey, CaseLine, Decision, Outcome, State
from xiezhi.domain.finding import VERDICT_RANK
from xiezhi.domain.priority import Factors, SignalParts
from xiezhi.domain.queue import QueueRow


def case_row(case: Case) -> dict[str, Any]:
    """A row of `cases`; what the queue filters and sorts by is computed here and nowhere else."""
    present = case.present
    return {
        "case_id": case.case_id,
        "kind": case.key.kind,
        "institution_code": case.key.institution_code,
        "region": region_of(case.key.institution_code),
        "encounter_id": case.key.encounter_id,
        "theme": case.key.theme,
        "person_id": case.person_id,
        "state": case.state.value,
        "version": case.version,
        "touched": case.touched,
        "assigned_to": case.assigned_to,
        "outcome": case.outcome.value if case.outcome else "",
        "barred": json.dumps(case.barred),
        "verdict": min((line.verdict for line in present), key=VERDICT_RANK.__getitem__, default="indicator"),
        "findings": len({line.finding_id for line in present}),
        "undecided": len(case.undecided),
        "amount_fen": case.amount_fen,
        "confirmed_fen": case.confirmed_fen,
        "confidence": case.factors.confidence,
        "credit": case.factors.credit,
        "age": case.factors.age,
        "signal": case.factors.signal,
        "signal_parts": "" if case.factors.parts == SignalParts() else json.dumps(asdict(case.factors.parts), sort_keys=True),
        "explored": case.factors.explored,
        "priority": case.factors.place,
        "first_service_date": min((line.service_date for line in present), default=None),
        "opened_at": case.opened_at,
    }


def line_row(case_id: str, line: CaseLine) -> dict[str, Any]:
    """A row of `case_lines`."""
    names = (
        "finding_id",
        "line_id",
        "revision",
        "rule_id",
        "verdict",
        "practitioner_code",
        "service_date",
        "part_fen",
        "counted_fen",
        "present",
    )
    values = {name: getattr(line, name) for name in (*names, "reason", "decided_by", "decided_at", "simulated", "sample")}
    return {"case_id": case_id, "decision": line.decision.value if line.decision else None, **values}


def line_of(row: Mapping[str, Any]) -> CaseLine:
    """The line of a row."""
    values = {name: value for name, value in row.items() if name != "case_id"}
    values["decision"] = Decision(values["decision"]) if values["decision"] else None
    return CaseLine(**values)


def case_of(row: Mapping[str, Any], lines: Sequence[CaseLine]) -> Case:
    """The case of a row and its lines."""
    return Case(
        row["case_id"],
        CaseKey(row["kind"], row["institution_code"], row["encounter_id"], row["theme"]),
        row["person_id"],
        State(row["state"]),
        row["version"],
        tuple(sorted(lines, key=lambda line: line.key)),
        _factors(row),
        row["opened_at"],
        row["touched"],
        row["assigned_to"],
        Outcome(row["outcome"]) if row["outcome"] else None,
        tuple(json.loads(row["barred"])),
    )


def queue_row(row: Mapping[str, Any]) -> QueueRow:
    """The queue's view of a row, with the person masked."""
    same = ("case_id", "kind", "institution_code", "encounter_id", "theme", "outcome", "verdict", "findings", "undecided", "amount_fen")
    more = ("confirmed_fen", "priority", "first_service_date", "assigned_to", "version", "opened_at")
    return QueueRow(
        person_masked=mask(row["person_id"]),
        state=State(row["state"]),
        factors=_factors(row),
        exploration=row["explored"] is not None,
        **{name: row[name] for name in (*same, *more)},
    )


def _factors(row: Mapping[str, Any]) -> Factors:
    parts = SignalParts(**json.loads(row["signal_parts"])) if row["signal_parts"] else SignalParts()
    return Factors(row["amount_fen"], row["confidence"], row["credit"], row["age"], row["signal"], parts, row["explored"])

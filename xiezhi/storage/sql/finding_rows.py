"""Findings as rows: the newest row of each, as a JSON text with the columns that are searched beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from xiezhi.domain.case import CaseKey
from xiezhi.domain.finding import Finding
from xiezhi.domain.queue import CaseFinding

_LISTS = ("line_ids", "related_line_ids", "line_amounts", "law_refs", "knowledge_ids", "subject")


def finding_json(finding: Finding) -> str:
    """A finding as JSON text; dates are ISO, quantities millionths."""
    values = {each.name: getattr(finding, each.name) for each in fields(Finding)}
    values["service_date"] = finding.service_date.isoformat()
    values["found_at"] = finding.found_at.isoformat() if finding.found_at else None
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def finding_of(text: str) -> Finding:
    """The finding of a JSON text."""
    values: dict[str, Any] = json.loads(text)
    for name in _LISTS:
        values[name] = tuple(values[name])
    values["service_date"] = date.fromisoformat(values["service_date"])
    values["found_at"] = datetime.fromisoformat(values["found_at"]) if values["found_at"] else None
    return Finding(**values)


def to_row(row: CaseFinding) -> dict[str, Any]:
    """A row of `findings_current`."""
    finding = row.finding
    return {
        "finding_id": finding.finding_id,
        "revision": finding.revision,
        "status": finding.status,
        "rule_id": finding.rule_id,
        "institution_code": finding.institution_code,
        "person_id": finding.person_id,
        "case_id": row.key.case_id,
        "found_at": finding.found_at,
        "kind": row.key.kind,
        "theme": row.key.theme,
        "counted": json.dumps(row.counted, sort_keys=True, separators=(",", ":")),
        "body": finding_json(finding),
    }


def from_row(row: Mapping[str, Any]) -> CaseFinding:
    """The finding of a row."""
    finding = finding_of(row["body"])
    encounter = finding.encounter_id if row["kind"] == "encounter" else None
    return CaseFinding(finding, CaseKey(row["kind"], finding.institution_code, encounter, row["theme"]), json.loads(row["counted"]))

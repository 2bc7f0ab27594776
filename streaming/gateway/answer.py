"""Answers: the rows of `output.result` for findings, and the envelope of a response (domain facts 6.1 and 6.4).

Beyond the national fields a row carries `rule_version`, `rule_hash` and `knowledge_ids`, the output `not_seen` and `release`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from xiezhi.domain.facts import PersonFacts
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.services.screen_claim import Screening

SEVERITY = {"definite": "1", "suspicious": "2", "indicator": "3"}
"""sev_deg by verdict: 1 明确, 2 高度可疑, 3 轻度可疑."""
LONGEST = 500
_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """JSON in UTF-8, decimals as numbers."""
    return _encoder.encode(value)


def behaviour(class_no: int | None) -> str:
    """vola_bhvr_type of a class: 1 policy (1-34), 2 management (35-63 and our own), 3 medical (64-88)."""
    if class_no is None:
        return "2"
    return "1" if class_no <= 34 else "2" if class_no <= 63 else "3"


def rows(
    screening: Screening, rules: Mapping[str, RuleSpec], points: PointBase, patient: str, task: str, message: str
) -> list[dict[str, Any]]:
    """`output.result` for one person: a row a finding, the definite first, then by amount.

    Args:
        patient: patn_id as the message gave it.
        task: task_id of the request.
        message: what tells this message from others; result ids are made of it and the finding.
    """
    mark = hashlib.sha256(message.encode()).hexdigest()[:8]
    ordered = sorted(screening.findings, key=lambda f: (SEVERITY[f.verdict], -f.amount_fen, f.finding_id))
    return [_row(finding, rules[finding.rule_id], points, screening.facts, patient, task, mark) for finding in ordered]


def _row(
    finding: Finding, rule: RuleSpec, points: PointBase, facts: PersonFacts | None, patient: str, task: str, mark: str
) -> dict[str, Any]:
    identity = f"{finding.finding_id}-{mark}"
    return {
        "jr_id": identity,
        "rule_id": finding.rule_id,
        "rule_name": rule.title,
        "vola_cont": shortened(finding.message_zh),
        "patn_id": patient,
        "mdtrt_id": finding.encounter_id,
        "judge_result_detail_dtos": _details(finding, facts, patient, identity),
        "vola_amt": yuan(finding.amount_fen),
        "vola_amt_stas": "1",
        "sev_deg": SEVERITY[finding.verdict],
        "vola_evid": shortened(evidence(finding, points)),
        "vola_bhvr_type": behaviour(finding.class_no),
        "task_id": task,
        "is_feedback": "1",
        "rule_version": finding.rule_version,
        "rule_hash": finding.rule_hash,
        "knowledge_ids": list(finding.knowledge_ids),
    }


def _details(finding: Finding, facts: PersonFacts | None, patient: str, identity: str) -> list[dict[str, Any]]:
    """One detail an offending line (1) and a related line (2); the encounter itself where no line is at fault."""
    visits = {} if facts is None else {(line.institution, line.id): line.encounter for line in facts.lines}
    lines = [(line, "1", amount) for line, amount in zip(finding.line_ids, finding.line_amounts, strict=True)]
    lines += [(line, "2", 0) for line in finding.related_line_ids]
    details = []
    for number, (line, kind, amount) in enumerate(lines, 1):
        institution, _, own = line.rpartition(":")
        key = (institution or finding.institution_code, own)
        if key not in visits:  # a line number may itself hold a colon
            key = (finding.institution_code, line)
        details.append(_detail(f"{identity}-{number}", patient, visits.get(key, finding.encounter_id), key[1], kind, amount))
    return details or [_detail(f"{identity}-1", patient, finding.encounter_id, None, "1", finding.amount_fen)]


def _detail(identity: str, patient: str, encounter: str | None, line: str | None, kind: str, amount: int) -> dict[str, Any]:
    return {"jrd_id": identity, "patn_id": patient, "mdtrt_id": encounter, "rx_id": line, "vola_item_type": kind, "vola_amt": yuan(amount)}


def yuan(amount_fen: int) -> Decimal:
    """Fen as yuan with two decimals.

    >>> yuan(1205)
    Decimal('12.05')
    """
    return Decimal(amount_fen).scaleb(-2)


def evidence(finding: Finding, points: PointBase) -> str:
    """vola_evid: the articles in force on the service date, then the knowledge points with their official words."""
    cited = []
    for kp_id in finding.knowledge_ids:
        point = points.by_id.get(kp_id)
        words = "：".join(part for part in (point.item_name, point.constraint) if part) if point else ""
        cited.append(f"知识点 {kp_id} {words}".strip())
    return "；".join([*finding.law_refs, *cited])


def shortened(text: str) -> str:
    """At most 500 characters, the cut shown.

    >>> len(shortened("x" * 600)), shortened("x" * 600)[-1]
    (500, '…')
    """
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def not_seen(screenings: Iterable[Screening], rules: Mapping[str, RuleSpec]) -> list[dict[str, str]]:
    """`output.not_seen`: rules that could not be judged in full, each once with its reason."""
    seen: dict[tuple[str, str], None] = {}
    for screening in screenings:
        for each in screening.unseen:
            seen[each.rule_id, each.reason] = None
    return [
        {"rule_id": rule_id, "rule_name": rules[rule_id].title if rule_id in rules else "", "reason": reason} for rule_id, reason in seen
    ]


def envelope(
    request: Mapping[str, Any],
    received: datetime,
    now: datetime,
    serial: int,
    *,
    errors: Sequence[str] = (),
    warning: str = "",
    output: Any,
) -> dict[str, Any]:
    """A response: infcode 0, or −1 where there are errors; always whole, whatever the request lacked."""
    area = request.get("mdtrtarea_admvs")
    place = area if isinstance(area, str) and len(area) == 6 and area.isdigit() else "000000"
    return {
        "infcode": -1 if errors else 0,
        "inf_refmsgid": f"{place}{received:%Y%m%d%H%M%S}{serial % 10**10:010d}",
        "refmsg_time": millis(received),
        "respond_time": millis(now),
        "err_msg": "\n".join(errors),
        "warn_msg": warning,
        "cainfo": "",
        "signtype": "",
        "output": output,
    }


def millis(moment: datetime) -> str:
    """yyyyMMddHHmmssSSS.

    >>> millis(datetime(2026, 5, 1, 8, 0, 0, 45_000))
    '20260501080000045'
    """
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"

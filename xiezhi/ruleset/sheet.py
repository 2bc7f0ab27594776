"""A rule as a sheet of plain data for people: what it says, why, by which law, with which parameters (`xiezhi rules show`)."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from xiezhi.domain.calendar import date_of
from xiezhi.domain.knowledge import LIMIT_FIELDS
from xiezhi.domain.money import plain, yuan
from xiezhi.domain.rule_classes import RULE_CLASSES
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.marks import Document, read_yaml
from xiezhi.ruleset.parameters import Dated, Parameter
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import OTHER_FIELDS, ROW_FIELDS, Type

WRITTEN = ("each", "knowledge", "where", "features", "define", "when", "except", "subject", "amount", "credit", "counted", "limit")
"""Keys of a rule file that make up its condition and its money, in the order in which they are shown."""


def sheet(rule: RuleSpec) -> dict[str, Any]:
    """The sheet of a rule: identity, law, condition as written, names in it with their meaning, parameters with sources, cases."""
    document = read_yaml(Path(rule.path))
    return {
        "id": rule.id,
        "class": f"{rule.class_no} {RULE_CLASSES[rule.class_no].name}" if rule.class_no else None,
        "title": rule.title,
        "title_en": rule.title_en,
        "status": rule.status,
        "verdict": rule.verdict,
        "stages": list(rule.stages),
        "effective": f"{rule.effective_from} – {rule.effective_to or '…'}",
        "version": rule.version,
        "hash": rule.hash,
        "owner": rule.owner,
        "why": rule.why,
        "known_gaps": list(rule.known_gaps),
        "triage": list(rule.triage),
        "laws": [
            {
                "law": c.law.id,
                "title": c.law.title,
                "number": c.law.number,
                "article": c.article,
                "gist": c.gist,
                "from": c.law.effective_from,
            }
            for c in rule.citations
        ],
        "written": written(document),
        "names": names_of(rule),
        "parameters": [_parameter(parameter) for _, parameter in sorted(rule.parameters.items())],
        "message": rule.message,
        "message_en": rule.message_en,
        "meta": dict(rule.meta),
        "cases": [{"name": case.name, "kind": case.kind, "expect": dict(case.expect), "line": case.line} for case in rule.cases],
        "path": rule.path,
    }


def written(document: Document) -> dict[str, str]:
    """The keys of the condition as the file has them, without the margin."""
    found = {}
    for key in WRITTEN:
        if key in document.data:
            first, _, rest = document.marks[(key,)].source.strip().partition("\n")
            found[key] = "\n".join(part for part in (first, textwrap.dedent(rest).rstrip()) if part)
    return found


def names_of(rule: RuleSpec) -> dict[str, str]:
    """The fields and limits that the rule reads, with what they are called in Chinese."""
    known = {name: info.zh for name, info in ROW_FIELDS[rule.row_kind].items()}
    for fields in OTHER_FIELDS.values():
        known |= {name: "另一行的" + info.zh for name, info in fields.items() if name not in known}
    found = {}
    for top in rule.expressions():
        for node in top.walk():
            if isinstance(node, x.Field | x.Other):
                found[node.name] = known.get(node.name, "")
            elif isinstance(node, x.Point):
                found[f"point.{node.name}"] = "知识点的限定" if node.name in LIMIT_FIELDS else "知识点的编码个数"
    return dict(sorted(found.items()))


def _parameter(parameter: Parameter) -> dict[str, Any]:
    values = [_value(parameter, each, "全国 nation") for each in parameter.national]
    values += [_value(parameter, each, region) for region, regional in sorted(parameter.regional.items()) for each in regional]
    return {"name": parameter.name, "title": parameter.title, "unit": parameter.unit, "values": values}


def _value(parameter: Parameter, each: Dated, region: str) -> dict[str, Any]:
    return {"from": date_of(each.start), "region": region, "value": shown(parameter.type, each.value), "source": each.source}


def shown(kind: Type, value: int | str | None) -> str:
    """A value of a type as people write it; an ended parameter has none."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    return yuan(value) if kind is Type.FEN else plain(value) if kind in (Type.QTY, Type.PRICE) else str(value)

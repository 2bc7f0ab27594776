"""Why a finding came about, in the words of its rule: the condition, the values it read, the numbers behind the amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipelines.sweep.page_words import INSURANCES, KINDS, LEVELS, SEXES, Text, cut, day, masked, moment, money, number, percent, same
from xiezhi.domain.finding import Finding
from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import DATE_COLUMN, ROW_FIELDS, Type

_CODED: Mapping[str, Mapping[Any, Text]] = {"kind": KINDS, "sex": SEXES, "insurance": INSURANCES, "level": LEVELS}


def values_read(rule: RuleSpec, row: Mapping[str, Any] | None, points: Sequence[KnowledgePoint]) -> list[tuple[Text, Text]]:
    """Fields, parameters and limits that the condition compares, with their values for one row (a row of the table of facts)."""
    result = _fields(rule, row) if row is not None else {}
    for point in points[:1]:
        for name, value in point.limit.given().items():
            kind = {"quantity": Type.QTY, "price": Type.PRICE, "fen": Type.FEN}.get(LIMIT_FIELDS[name], Type.INT)
            result[f"point.{name}"] = (Text(f"知识点限值 {name}", f"point.{name}"), _value(value, kind))
    return [result[name] for name in sorted(result)]


def _fields(rule: RuleSpec, row: Mapping[str, Any]) -> dict[str, tuple[Text, Text]]:
    result = {}
    for node in [node for part in (rule.where, rule.condition) if part is not None for node in part.walk()]:
        if isinstance(node, x.Field) and node.column in row:
            info = ROW_FIELDS[rule.row_kind].get(node.name)
            label = Text(info.zh, node.name) if info else same(node.name)
            result[node.name] = (label, _value(row[node.column], node.type, node.column))
        elif isinstance(node, x.Param):
            parameter, on = rule.parameters[node.name], row.get(DATE_COLUMN[rule.row_kind])
            held = parameter.at(on, row.get("region")) if on is not None else None
            result[f"param.{node.name}"] = (Text(parameter.title, f"param.{node.name}"), _value(held.value if held else None, node.type))
    return result


def _value(value: Any, kind: Type, column: str = "") -> Text:
    if value is None:
        return Text("缺失", "missing")
    if column == "person":
        return same(masked(str(value)))
    if value in _CODED.get(column, {}):
        return _CODED[column][value]
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, str):
        return same(cut(value, 60) or "—")
    if kind in (Type.QTY, Type.PRICE):
        return same(number(value))
    if kind is Type.FEN:
        return Text(f"{money(value)} 元", f"{money(value)} yuan")
    return same(day(value) if kind is Type.DATE else moment(value) if kind is Type.TIME else str(value))


def calculation(finding: Finding, rule: RuleSpec, net_fen: int) -> list[tuple[Text, Text]]:
    """The numbers behind the amount: counted, limit, excess, net amount of the offending lines, share, fund.

    Args:
        finding: the finding.
        rule: its rule, which tells whether counted and limit are money.
        net_fen: net amount of its offending lines.
    """
    in_yuan = rule.counted is not None and rule.counted.type in (Type.PRICE, Type.FEN)
    unit = Text("（元）", " (yuan)") if in_yuan else Text("", "")
    counted, limit = finding.quantity, finding.limit_value
    result = []
    if counted is not None:
        result.append((Text(f"计得{unit.zh}", f"Counted up{unit.en}"), same(number(counted))))
    if limit is not None:
        result.append((Text(f"限值{unit.zh}", f"Limit{unit.en}"), same(number(limit))))
    if counted is not None and limit is not None and counted > limit:
        result.append((Text(f"超出{unit.zh}", f"Excess{unit.en}"), same(number(counted - limit))))
    if net_fen > 0:
        result.append((Text("明细净金额（元）", "Net of the lines (yuan)"), same(money(net_fen))))
    if 0 < finding.amount_fen <= net_fen:
        result.append((Text("涉及占比", "Share at stake"), same(percent(finding.amount_fen, net_fen))))
    result.append((Text("涉及金额（元）", "At stake (yuan)"), same(money(finding.amount_fen))))
    if finding.fund_amount_fen is not None:
        result.append((Text("其中基金份额（元）", "Share of the fund (yuan)"), same(money(finding.fund_amount_fen))))
    result.append((Text("计入金额（元）", "Counted (yuan)"), same(money(finding.counted_amount_fen))))
    return result


def formulas(written: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """The parts of the rule that decide, as they stand in its file."""
    names = {"where": Text("范围", "Rows"), "when": Text("条件", "Condition"), "amount": Text("金额", "Amount")}
    return [(text, _flow(written[name])) for name, text in names.items() if written.get(name) is not None]


def definitions(written: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """What the names in the condition stand for, and the exceptions."""
    result = []
    for part in ("features", "define"):
        if isinstance(written.get(part), dict):
            result += [(same(cut(str(name), 40)), _flow(value)) for name, value in written[part].items()]
    if isinstance(written.get("except"), dict):
        result += [
            (Text(f"例外 {cut(str(name), 40)}", f"unless {cut(str(name), 40)}"), _flow(value)) for name, value in written["except"].items()
        ]
    return result


def _flow(value: object) -> str:
    """A part of a rule file on one line."""
    if isinstance(value, dict):
        value = ", ".join(f"{key}: {_flow(part)}" for key, part in value.items())
    elif isinstance(value, list):
        value = f"[{', '.join(str(part) for part in value)}]"
    return cut(" ".join(str(value).split()), 300)


def written_rule(rule: RuleSpec) -> Mapping[str, Any]:
    """The rule file, for the wording of its condition; empty where the file is gone since it was loaded."""
    path = Path(rule.path)
    document = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
    return document if isinstance(document, dict) else {}

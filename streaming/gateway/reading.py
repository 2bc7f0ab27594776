"""Reading a message: JSON to typed nodes, with every wrong field named by its path at once.

Unknown fields are kept as they are. A field that is absent, null or an empty text is missing. Limits keep a hostile or broken sender
from holding the gateway: size, nesting, persons, encounters, orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from streaming.gateway.fields import NODES
from streaming.gateway.values import Check, of_column, of_kind, plain_text, shown
from xiezhi.domain.errors import Place, Problem, XiezhiError
from xiezhi.domain.tables import TABLES, Column

Node = dict[str, Any]
"""A node of a message: known fields typed, unknown ones as sent."""

MAX_BYTES = 4_000_000
MAX_DEPTH = 32
MAX_ITEMS = {"patient": 50, "encounter": 500, "diagnose": 500, "order": 5_000, "operation": 500, "warn": 5_000}
MAX_ORDERS = 10_000
MAX_TOLD = 1_000
"""Of more wrong fields than this the rest is counted only."""

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_NATIONAL = {"encounter": ("setl_d", "mdtrt_d"), "order": ("fee_list_d",)}


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.told = 0
        self.orders = 0

    def say(self, path: str, what: str) -> None:
        self.told += 1
        if self.told <= MAX_TOLD:
            self.problems.append(Problem(what, Place(field=path)))


Plan = tuple[str, tuple[str, ...], bool, Check | None, str]
"""Name, aliases, required, check of a value, name of the node below ('' for values, `*` for lists of text, '?' for anything)."""


def _plans(name: str) -> tuple[Plan, ...]:
    plans: list[Plan] = []
    for each in NODES[name]:
        if each.kind.endswith("[]"):
            plans.append((each.name, each.aliases, each.required, None, each.kind[:-2]))
        elif each.kind in ("texts", "any"):
            plans.append((each.name, each.aliases, each.required, None, "*" if each.kind == "texts" else "?"))
        else:
            plans.append((each.name, each.aliases, each.required, of_kind(each.kind), ""))
    return tuple(plans)


def _extras(name: str) -> Mapping[str, Check]:
    """National columns and fields of ours that a node may carry beyond its own fields."""
    own = {each.name for each in NODES[name]} | {alias for each in NODES[name] for alias in each.aliases}
    columns: dict[str, Column] = {}
    for table in _NATIONAL.get(name, ()):
        columns.update({column.name: column for column in TABLES[table].columns})
    checks = {key: of_column(column) for key, column in columns.items() if key not in own}
    if name == "order":
        checks["init_rx_id"] = of_kind("C50")
    return checks


_PLANS = {name: _plans(name) for name in NODES}
_EXTRAS = {name: _extras(name) for name in NODES}
_KNOWN = {name: frozenset(key for plan in plans for key in (plan[0], *plan[1])) for name, plans in _PLANS.items()}


def decode(body: bytes, charset: str = "utf-8") -> Node:
    """JSON of a request body to plain values, decimals exact; raises `XiezhiError` where it is no JSON object or too large."""
    if len(body) > MAX_BYTES:
        raise XiezhiError.of(f"报文 {len(body)} 字节，超过上限 {MAX_BYTES}", field="body")
    try:
        if charset != "utf-8":
            body = body.decode(charset).encode()
        value = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise XiezhiError.of(f"第 {error.start} 字节不是 {charset} 文字", field="body") from None
    except RecursionError:
        raise XiezhiError.of("嵌套太深", field="body") from None
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        raise XiezhiError.of(f"不是合法的 JSON：{error}", field="body") from None
    if not isinstance(value, dict):
        raise XiezhiError.of(f"应为一个 JSON 对象，收到 {shown(value)}", field="body")
    return value


def read(message: Node, infno: str) -> tuple[Node, Node]:
    """Envelope and `input.data` of a request, typed; raises `XiezhiError` naming every wrong field of both."""
    reader = _Reader()
    envelope = _node(reader, "envelope", "", {key: value for key, value in message.items() if key != "input"})
    if envelope.get("infno") and envelope["infno"] != infno:
        reader.say("infno", f"应为 {infno}，收到 {shown(envelope['infno'])}")
    data: Node = {}
    given = message.get("input")
    if not isinstance(given, dict):
        reader.say("input", "缺少或不是对象")
    elif not isinstance(given.get("data"), dict):
        reader.say("input.data", "缺少或不是对象")
    else:
        data = _node(reader, "feedback" if infno == "3103" else "screen", "input.data", given["data"])
        (_check_feedback if infno == "3103" else _check_screen)(reader, data)
    _raise(reader)
    return envelope, data


def _raise(reader: _Reader) -> None:
    if reader.told > MAX_TOLD:
        reader.problems.append(Problem(f"另有 {reader.told - MAX_TOLD} 处错误"))
    if reader.problems:
        raise XiezhiError(reader.problems)


def _node(reader: _Reader, name: str, path: str, given: Any) -> Node:
    if not isinstance(given, dict):
        reader.say(path, f"应为对象，收到 {shown(given)}")
        return {}
    prefix = path + "." if path else ""
    result: Node = {}
    for key, aliases, required, check, below in _PLANS[name]:
        value = given.get(key)
        if value is None or value == "":
            value = next((given[alias] for alias in aliases if given.get(alias) not in (None, "")), None)
        if value is None:
            if required:
                reader.say(prefix + key, "缺少")
        elif check is not None:
            try:
                result[key] = check(value)
            except ValueError as error:
                reader.say(prefix + key, str(error))
        else:
            result[key] = _below(reader, below, prefix + key, value)
    known = _KNOWN[name]
    extras = _EXTRAS[name]
    for key, value in given.items():
        if key in known:
            continue
        if key in extras:
            if value not in (None, ""):
                try:
                    result[key] = extras[key](value)
                except ValueError as error:
                    reader.say(prefix + key, str(error))
        elif isinstance(value, (dict, list)) and _deeper(value, MAX_DEPTH):
            reader.say(prefix + shown(key), f"嵌套超过 {MAX_DEPTH} 层")
        else:
            result[key] = value
    return result


def _below(reader: _Reader, below: str, path: str, value: Any) -> Any:
    if below == "?":
        if isinstance(value, (dict, list)) and _deeper(value, MAX_DEPTH):
            reader.say(path, f"嵌套超过 {MAX_DEPTH} 层")
            return None
        return value
    if not isinstance(value, list):
        reader.say(path, f"应为列表，收到 {shown(value)}")
        return []
    if below == "*":
        return list(_texts(reader, path, value))
    if len(value) > MAX_ITEMS[below]:
        reader.say(path, f"至多 {MAX_ITEMS[below]} 项，收到 {len(value)} 项")
        return []
    if below == "order":
        reader.orders += len(value)
        if reader.orders > MAX_ORDERS:
            reader.say(path, f"一份报文的明细至多 {MAX_ORDERS} 项")
            return []
    return [_node(reader, below, f"{path}[{index}]", item) for index, item in enumerate(value)]


def _texts(reader: _Reader, path: str, value: list[Any]) -> Iterator[str]:
    for index, item in enumerate(value):
        try:
            yield plain_text(item)
        except ValueError as error:
            reader.say(f"{path}[{index}]", str(error))


def _deeper(value: Any, left: int) -> bool:
    """Whether a value nests deeper than allowed, without recursion."""
    level: list[Any] = [value]
    for _ in range(left):
        level = [
            child for item in level for child in (item.values() if isinstance(item, dict) else item) if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _check_screen(reader: _Reader, data: Node) -> None:
    """What no single field shows: the trigger, the current encounter, orders that stand twice."""
    scenes = str(data.get("trig_scen", "")).split(",") if data.get("trig_scen") else []
    if not scenes and not data.get("rule_ids"):
        reader.say("input.data.trig_scen", "缺少（trig_scen 与 rule_ids 至少给出一个）")
    for scene in scenes:
        if scene.strip() not in _SCENES:
            reader.say("input.data.trig_scen", f"应为 1 至 10（可用逗号并列），收到 {shown(scene)}")
    if data.get("patient_dtos") == []:
        reader.say("input.data.patient_dtos", "至少一名参保人")
    for at, patient in enumerate(data.get("patient_dtos") or ()):
        path = f"input.data.patient_dtos[{at}]"
        encounters = patient.get("fsi_encounter_dtos")
        current = patient.get("curr_mdtrt_id")
        if encounters and current and all(each.get("mdtrt_id", current) != current for each in encounters):
            reader.say(f"{path}.curr_mdtrt_id", f"{shown(current)} 不在 fsi_encounter_dtos 中")
        _check_twice(reader, path, encounters or [])


def _check_twice(reader: _Reader, path: str, encounters: list[Node]) -> None:
    seen: set[tuple[str, str]] = set()
    visits: set[str] = set()
    for number, encounter in enumerate(encounters):
        here = f"{path}.fsi_encounter_dtos[{number}]"
        if "mdtrt_id" in encounter:
            if encounter["mdtrt_id"] in visits:
                reader.say(f"{here}.mdtrt_id", f"{shown(encounter['mdtrt_id'])} 重复")
            visits.add(encounter["mdtrt_id"])
        for index, order in enumerate(encounter.get("fsi_order_dtos") or ()):
            key = (encounter.get("medins_id", ""), order.get("rx_id", ""))
            if key[1]:
                if key in seen:
                    reader.say(f"{here}.fsi_order_dtos[{index}].rx_id", f"{shown(key[1])} 重复")
                seen.add(key)


def _check_feedback(reader: _Reader, data: Node) -> None:
    if data.get("warn_type") not in (None, "1", "2"):
        reader.say("input.data.warn_type", f"应为 1（事前）或 2（事中），收到 {shown(data['warn_type'])}")
    if data.get("warns") == []:
        reader.say("input.data.warns", "至少一条")
    for index, warn in enumerate(data.get("warns") or ()):
        path = f"input.data.warns[{index}]"
        way = warn.get("dspo_way")
        if way not in (None, "1", "2"):
            reader.say(f"{path}.dspo_way", f"应为 1（继续执行医嘱）或 2（返回修改医嘱），收到 {shown(way)}")
        elif way == "1" and not str(warn.get("dspo_way_rea", "")).strip():
            reader.say(f"{path}.dspo_way_rea", "继续执行医嘱必须填写原因")


_SCENES = frozenset(str(number) for number in range(1, 11))

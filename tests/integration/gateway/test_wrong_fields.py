"""Every field of every node: missing, of the wrong type, too long; each is named by its path, all at once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streaming.gateway.fields import NODES, Field
from streaming.gateway.reading import MAX_BYTES, MAX_ITEMS, MAX_TOLD

E = "input.data.patient_dtos[0].fsi_encounter_dtos[0]"
PATHS = {
    "envelope": "", "screen": "input.data", "patient": "input.data.patient_dtos[0]", "encounter": E,
    "diagnose": f"{E}.fsi_diagnose_dtos[0]", "order": f"{E}.fsi_order_dtos[0]", "operation": f"{E}.fsi_operation_dtos[0]",
}  # fmt: skip
OPERATION = {"setl_list_oprn_id": "1", "main_oprn_flag": "1"}
WRONG = {"C": "长" * 3_000, "N": "12a", "code": "不是代码", "dt": "2026-02-30 08:00:00", "date": "2026/05/01"}
EXACT = {"rule_ids", "trig_scen"}  # one of the two must be given


def wrong_value(field: Field) -> Any:
    if field.kind.endswith("[]") or field.kind == "texts":
        return "not a list"
    return WRONG[field.kind if field.kind in WRONG else "code" if field.kind.startswith("code") else field.kind[0]]


def fields() -> Iterator[tuple[str, Field]]:
    for node in PATHS:
        for field in NODES[node]:
            if field.kind != "any":
                yield node, field


ALL = list(fields())
NAMES = [f"{node}.{field.name}" for node, field in ALL]


def full(changed: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return changed({f"{E}.fsi_operation_dtos": [dict(OPERATION)]})


def path_of(node: str, field: Field) -> str:
    return f"{PATHS[node]}.{field.name}" if PATHS[node] else field.name


def told(answer: dict[str, Any]) -> list[str]:
    assert answer["infcode"] == -1
    assert answer["output"] == {}
    return [text.split(":")[0] for text in answer["err_msg"].splitlines()]


@pytest.fixture
def broken(changed: Callable[..., dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    base = full(changed)

    def change(values: dict[str, Any]) -> dict[str, Any]:
        message = copy.deepcopy(base)
        for path, value in values.items():
            *above, last = path.replace("[", ".").replace("]", "").split(".")
            node: Any = message
            for step in above:
                node = node[int(step) if step.isdigit() else step]
            if value is ...:
                node.pop(last, None)
            else:
                node[last] = value
        return message

    return change


def test_the_base_is_whole(bench: Any, broken: Callable[..., Any]) -> None:
    assert bench.ask(broken({}))[0]["infcode"] == 0


def test_each_missing_field_is_named(bench: Any, broken: Callable[..., Any]) -> None:
    required = [(node, field) for node, field in ALL if field.required]
    answers = bench.ask(*(broken({path_of(node, field): ...}) for node, field in required))
    for (node, field), answer in zip(required, answers, strict=True):
        if field.name != "infno":  # without it there is no transaction at all
            assert told(answer) == [path_of(node, field)], field
    null = bench.ask(*(broken({path_of(node, field): None}) for node, field in required))
    assert all(answer["infcode"] == -1 for answer in null)


def test_each_wrong_value_is_named(bench: Any, broken: Callable[..., Any]) -> None:
    answers = bench.ask(*(broken({path_of(node, field): wrong_value(field)}) for node, field in ALL))
    for (node, field), answer in zip(ALL, answers, strict=True):
        assert path_of(node, field) in told(answer) or field.name == "infno", (node, field, answer["err_msg"])


def test_optional_fields_may_be_absent(bench: Any, broken: Callable[..., Any]) -> None:
    optional = [(node, field) for node, field in ALL if not field.required and field.name not in {*EXACT, "fsi_operation_dtos"}]
    (answer,) = bench.ask(broken({path_of(node, field): ... for node, field in optional}))
    assert answer["infcode"] == 0


def test_all_wrong_fields_are_named_at_once(bench: Any, broken: Callable[..., Any]) -> None:
    lists = {"infno", "patient_dtos"} | {field.name for _, field in ALL if field.kind.endswith("[]")}
    chosen = [(node, field) for node, field in ALL if field.name not in lists and field.kind != "texts"]
    paths = told(bench.ask(broken({path_of(node, field): wrong_value(field) for node, field in chosen}))[0])
    assert len(paths) > 100
    assert sorted(set(paths)) == sorted(path_of(node, field) for node, field in chosen)


def test_very_many_wrong_fields_are_counted(bench: Any, broken: Callable[..., Any]) -> None:
    names = bench.ask(broken({f"{E}.fsi_order_dtos": [{}] * 200}))[0]["err_msg"].splitlines()
    assert len(names) == MAX_TOLD + 1
    assert names[-1].startswith("另有 ")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (f"{E}.fsi_order_dtos[0].cnt", "1.2345678", "6 位小数"),
        (f"{E}.fsi_order_dtos[0].sumamt", "1.001", "2 位小数"),
        (f"{E}.fsi_order_dtos[0].sumamt", 1e300, "整数部分"),
        (f"{E}.fsi_order_dtos[0].cnt", True, "数字"),
        (f"{E}.fsi_order_dtos[0].cnt", [1], "一个列表"),
        (f"{E}.fsi_order_dtos[0].prd_days", "many", "数字"),
        (f"{E}.fsi_order_dtos[0].hilist_code", "X1", "西药"),
        (f"{E}.setl_time", "yesterday", "时间"),
        ("input.data.trig_scen", "6,11", "11"),
        ("input.data.patient_dtos[0].curr_mdtrt_id", "M9", "不在"),
        ("input.data.patient_dtos[0].patn_id", "P\u0000", "控制字符"),
        ("input.data.patient_dtos", [], "至少"),
    ],
)
def test_what_a_value_may_not_be(path: str, value: Any, words: str, bench: Any, broken: Callable[..., Any]) -> None:
    answer = bench.ask(broken({path: value}))[0]
    assert told(answer)[0] == path
    assert words in answer["err_msg"]


def test_numbers_may_be_text_and_codes_numbers(bench: Any, broken: Callable[..., Any]) -> None:
    forms = {f"{E}.fsi_order_dtos[0].cnt": 10.0, f"{E}.fsi_order_dtos[0].sumamt": "50.000", "input.data.patient_dtos[0].gend": 1}
    (answer,) = bench.ask(broken(forms))
    assert [row["vola_amt"] for row in answer["output"]["result"]] == [30.0]


def test_an_order_that_stands_twice_is_named(bench: Any, broken: Callable[..., Any], message: dict[str, Any]) -> None:
    order = message["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["fsi_order_dtos"][0]
    assert told(bench.ask(broken({f"{E}.fsi_order_dtos": [order, order]}))[0]) == [f"{E}.fsi_order_dtos[1].rx_id"]


def test_limits(bench: Any, broken: Callable[..., Any], message: dict[str, Any]) -> None:
    order = message["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["fsi_order_dtos"][0]
    many = [{**order, "rx_id": str(number)} for number in range(MAX_ITEMS["order"] + 1)]
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    lines, nested = bench.ask(broken({f"{E}.fsi_order_dtos": many}), broken({f"{E}.note": deep}))
    assert told(lines) == [f"{E}.fsi_order_dtos"]
    assert told(nested) == [f"{E}.note"]
    bottomless, large, text, none = (
        json.loads(answer) for answer in bench.answers([b"[" * 200_000, b" " * (MAX_BYTES + 1), b"{", b"[]"], infno="3102")
    )
    for answer in (bottomless, large, text, none):
        assert told(answer) == ["body"]

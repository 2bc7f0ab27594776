"""What the gateway answers: golden pairs, both transactions, repeated messages, charsets, feedback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xiezhi.storage.feedback_file import FileFeedback
from xiezhi.storage.memory import MemoryHistory

Change = Callable[[dict[str, Any]], dict[str, Any]]
ORDER = "input.data.patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos[0]"
ENCOUNTER = "input.data.patient_dtos[0].fsi_encounter_dtos[0]"


@pytest.mark.parametrize("name", ["3102_over_limit", "3102_wrong_fields", "3101_nothing_doubtful"])
def test_golden_pairs(name: str, bench: Any, golden: Path) -> None:
    """The pair is written by hand once and read by people; ids of releases and rules change with the rule base and are left out."""
    answer = json.loads(bench.answers([(golden / f"{name}.request.json").read_bytes()])[0])
    answer["output"].pop("release", None)
    for row in answer["output"].get("result", []):
        assert row.pop("rule_hash")
        assert row.pop("rule_version")
    assert answer == json.loads((golden / f"{name}.response.json").read_text("utf-8"))


def test_the_stored_hours_count_and_are_named(bench: Any, message: dict[str, Any]) -> None:
    (answer,) = bench.ask(message)
    (row,) = [each for each in answer["output"]["result"] if each["rule_id"] == "GZ10000102014000"]
    assert answer["infcode"] == 0
    assert answer["warn_msg"] == ""
    assert (row["sev_deg"], row["vola_bhvr_type"], row["vola_amt"], row["task_id"]) == ("1", "1", 30.0, "T1")
    assert [(d["rx_id"], d["vola_item_type"], d["vola_amt"]) for d in row["judge_result_detail_dtos"]] == [
        ("L1", "1", 30.0),
        ("L0", "2", 0.0),
    ]
    assert "30" in row["vola_cont"]
    assert "24" in row["vola_cont"]
    assert "违规" not in row["vola_cont"]
    assert "知识点" in row["vola_evid"]
    assert len(row["jr_id"]) <= 50
    assert all(len(d["jrd_id"]) <= 50 for d in row["judge_result_detail_dtos"])


def test_without_history_nothing_is_over_the_limit(make_bench: Callable[..., Any], message: dict[str, Any]) -> None:
    (answer,) = make_bench(MemoryHistory()).ask(message)
    assert answer["infcode"] == 0
    assert answer["output"]["result"] == []


def test_history_inside_the_message_counts_too(
    make_bench: Callable[..., Any], bench: Any, changed: Change, message: dict[str, Any]
) -> None:
    """The earlier order stands in the message as not current: it counts, and is not at fault."""
    order = message["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["fsi_order_dtos"][0]
    earlier = {**order, "rx_id": "L0", "cnt": 20, "sumamt": "100.00", "drord_begn_date": "2026-05-01 08:10:00", "curr_drord_flag": "0"}
    (answer,) = make_bench(MemoryHistory()).ask(changed({f"{ENCOUNTER}.fsi_order_dtos": [earlier, order]}))
    assert [row["vola_amt"] for row in answer["output"]["result"]] == [30.0]
    later = {**earlier, "drord_begn_date": "2026-05-01 10:10:00"}
    (answer,) = make_bench(MemoryHistory()).ask(changed({f"{ENCOUNTER}.fsi_order_dtos": [later, order]}))
    assert answer["output"]["result"] == [], "the line over the limit is not one of the present orders"


def test_a_refund_in_the_message_is_netted(bench: Any, changed: Change, message: dict[str, Any]) -> None:
    order = message["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["fsi_order_dtos"][0]
    back = {**order, "rx_id": "R1", "init_rx_id": "L0", "cnt": "-8", "sumamt": "-40.00", "drord_begn_date": "2026-05-01 10:00:00"}
    (answer,) = bench.ask(changed({f"{ENCOUNTER}.fsi_order_dtos": [order, back]}))
    assert answer["output"]["result"] == []


def test_pre_and_mid_judge_their_own_rules(bench: Any, message: dict[str, Any]) -> None:
    before = {**message, "infno": "3101"}
    before["input"] = {"data": {**message["input"]["data"], "trig_scen": "4"}}
    mid, pre = bench.ask(message, before)
    rules = {row["rule_id"] for row in mid["output"]["not_seen"]} - {row["rule_id"] for row in pre["output"]["not_seen"]}
    assert "XZ-TR-001" in rules, "sales are looked at during settlement only"
    assert [row["rule_id"] for row in pre["output"]["result"]] == [row["rule_id"] for row in mid["output"]["result"]]


def test_only_the_asked_rules_answer(bench: Any, changed: Change) -> None:
    first, second = bench.ask(
        changed({"input.data.rule_ids": ["GZ10000101002000"]}), changed({"input.data.rule_ids": ["GZ10000102014000", "NO"]})
    )
    assert first["output"]["result"] == []
    assert len(second["output"]["result"]) == 1
    assert {"rule_id": "NO", "rule_name": "", "reason": "没有这条规则，或本环节不审核"} in second["output"]["not_seen"]


def test_the_same_message_has_the_same_answer(bench: Any, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    first, second = bench.answers([body, body])
    assert first == second
    assert bench.gateway.metrics.value("requests", infno="3102", outcome="repeated") == 1
    both = bench.answers([body, body], together=True)
    assert both[0] == both[1]
    other = json.dumps({**message, "msgid": message["msgid"][:-1] + "9"}).encode()
    third, fourth = (json.loads(each)["output"]["result"] for each in bench.answers([body, other]))
    assert third[0]["jr_id"] != fourth[0]["jr_id"], "every reminder has its own id"


def test_unknown_fields_are_no_error(bench: Any, changed: Change) -> None:
    (answer,) = bench.ask(changed({f"{ORDER}.local_note": {"a": [1, 2]}, "insurer": "x", f"{ENCOUNTER}.bed": None}))
    assert answer["infcode"] == 0
    assert len(answer["output"]["result"]) == 1


def test_gb18030_is_read_and_answered(serve: Callable[..., Any], message: dict[str, Any]) -> None:
    body = json.dumps(message, ensure_ascii=False).encode("gb18030")
    for charset in ("GB18030", "gbk", '"gb2312"'):
        status, headers, answer = serve("POST", "/fsi/3102", body, {"Content-Type": f"application/json; charset={charset}"})
        assert status == 200
        assert headers["content-type"] == "application/json; charset=gb18030"
        assert json.loads(answer.decode("gb18030"))["output"]["result"][0]["rule_name"] == "医疗服务项目限定频次"
    _, _, answer = serve("POST", "/fsi/3102", body, {"Content-Type": "application/json"})
    assert json.loads(answer)["infcode"] == -1
    _, _, answer = serve("POST", "/fsi/3102", body, {"Content-Type": "application/json; charset=klingon"})
    assert "klingon" in json.loads(answer)["err_msg"]


def test_one_path_reads_infno(serve: Callable[..., Any], message: dict[str, Any]) -> None:
    assert json.loads(serve("POST", "/fsi", json.dumps(message).encode())[2])["infcode"] == 0
    refused = json.loads(serve("POST", "/fsi", json.dumps({**message, "infno": "9001"}).encode())[2])
    assert refused["infcode"] == -1
    assert "9001" in refused["err_msg"]
    crossed = json.loads(serve("POST", "/fsi/3101", json.dumps(message).encode())[2])
    assert crossed["err_msg"] == "infno: 应为 3101，收到 3102"


def feedback(message: dict[str, Any], *warns: dict[str, Any]) -> dict[str, Any]:
    serial = f"{len(warns)}{sum(len(str(warn)) for warn in warns) % 1000:03d}"
    return {
        **message,
        "infno": "3103",
        "msgid": message["msgid"][:-4] + serial,
        "input": {"data": {"warn_type": "2", "warns": list(warns)}},
    }


def test_feedback_is_kept_and_survives(tmp_path: Path, make_bench: Callable[..., Any], history: Any, message: dict[str, Any]) -> None:
    kept = FileFeedback(tmp_path)
    (answer,) = make_bench(history, feedback=kept).ask(message)
    identity = answer["output"]["result"][0]["jr_id"]
    kept.close()
    with (tmp_path / "reminders.jsonl").open("ab") as handle:
        handle.write(b'{"warn_rslt_id": "cut sho')  # a crash in the middle of a line
    again = FileFeedback(tmp_path)
    went_on = {"warn_rslt_id": identity, "dspo_way": "1", "dspo_way_rea": "病情需要"}
    (answer,) = make_bench(history, feedback=again).ask(feedback(message, went_on))
    assert answer["infcode"] == 0
    again.close()
    (row,) = map(json.loads, (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines())
    assert (row["warn_rslt_id"], row["dspo_way"], row["dspo_way_rea"], row["fixmedins_code"]) == (identity, "1", "病情需要", "H99010100001")


def test_feedback_that_is_wrong_names_everything(bench: Any, message: dict[str, Any]) -> None:
    first, *_ = bench.ask(message)
    known = first["output"]["result"][0]["jr_id"]
    no_reason, unknown, wrong = bench.ask(
        feedback(message, {"warn_rslt_id": known, "dspo_way": "1"}, {"warn_rslt_id": known, "dspo_way": "2"}),
        feedback(message, {"warn_rslt_id": known, "dspo_way": "2"}, {"warn_rslt_id": "nobody", "dspo_way": "2"}),
        feedback(message, {"dspo_way": "3"}),
    )
    assert no_reason["infcode"] == -1
    assert no_reason["err_msg"] == "input.data.warns[0].dspo_way_rea: 继续执行医嘱必须填写原因"
    assert unknown["infcode"] == -1
    assert unknown["err_msg"] == "input.data.warns[1].warn_rslt_id: 没有这条提醒"
    assert [text.split(":")[0] for text in wrong["err_msg"].splitlines()] == [
        "input.data.warns[0].warn_rslt_id",
        "input.data.warns[0].dspo_way",
    ]
    assert bench.feedback.rows == []

"""The commands from claims to a decided case, and what operators see."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.ingest.run import ingest
from pipelines.sweep.run import Request, sweep
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore

ECG, HOSPITAL = "003107010220000", "H99010100001"
PASSWORD = "correct horse"
RunCli = Callable[..., Any]


@pytest.fixture
def swept(home: Path, tmp_path: Path) -> Path:
    """Two visits, each with 30 hours of monitoring on one day (limit 24, five yuan each), swept."""
    visits, settled, lines = [], [], []
    for n in (1, 2):
        same = {"mdtrt_id": f"M{n}", "psn_no": f"330106{n}", "fixmedins_code": HOSPITAL, "med_type": "11"}
        visits.append(
            same
            | {
                "gend": "1",
                "brdy": "1980-01-02",
                "insutype": "310",
                "hosp_lv": "05",
                "begntime": f"2026-05-0{n} 08:00:00",
                "endtime": f"2026-05-0{n} 20:00:00",
            }
        )
        paid = {
            "setl_id": f"S{n}",
            "setl_time": f"2026-05-0{n} 21:00:00",
            "medfee_sumamt": "150.00",
            "fund_pay_sumamt": "75.00",
            "refd_setl_flag": "0",
        }
        settled.append({k: v for k, v in same.items() if k != "med_type"} | paid)
        lines += [
            same
            | {
                "bkkp_sn": f"L{n}{part}",
                "fee_ocur_time": f"2026-05-0{n} 0{8 + part}:30:00",
                "med_list_codg": ECG,
                "cnt": quantity,
                "pric": "5",
                "det_item_fee_sumamt": amount,
                "setl_id": f"S{n}",
                "bilg_dr_code": "D1",
            }
            for part, quantity, amount in [(0, "20", "100.00"), (1, "10", "50.00")]
        ]
    folder = tmp_path / "in"
    folder.mkdir()
    for table, rows in {"mdtrt_d": visits, "setl_d": settled, "fee_list_d": lines}.items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    assert ingest([folder], DeltaStore.of_home(home)).clean
    assert len(sweep(Request(home, find_rules_dir(), rules=("GZ10000102014000",))).open) == 2
    return home


def read(run: Any, code: int = 0) -> Any:
    assert run.code == code, run.err
    return json.loads(run.out)


def test_from_findings_to_a_decided_case(swept: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = read(run_cli("cases", "open", "--as-of", "2026-06-01", "--json"))
    assert (opened["opened"], opened["waiting"], opened["waiting_fen"]) == (2, 2, 2 * 6 * 500)
    assert read(run_cli("cases", "open", "--as-of", "2026-06-01", "--json"))["opened"] == 0
    queue = read(run_cli("cases", "list", "--json"))
    assert [row["amount_fen"] for row in queue["cases"]] == [3000, 3000]
    assert "3301061" not in json.dumps(queue)
    first, second = queue["cases"]
    shown = read(run_cli("cases", "show", first["case_id"], "--json"))
    assert [line["counted_fen"] for line in shown["lines"]] == [3000]
    monkeypatch.setenv("XIEZHI_PASSWORD", PASSWORD)
    assert run_cli("user", "add", "ins", "--role", "inspector", "--region", "990000").code == 0
    assert run_cli("user", "add", "far", "--role", "inspector", "--region", "330000").code == 0
    assert read(run_cli("cases", "list", "--user", "far", "--json"))["cases"] == []
    done = read(run_cli("cases", "decide", first["case_id"], "confirmed", "--reason", "as_found", "--user", "ins", "--json"))
    assert (done["state"], done["outcome"], done["confirmed_fen"]) == ("closed", "confirmed", 3000)
    assert [(each["subject_kind"], each["score"]) for each in done["ratings"]] == [("institution", 995), ("practitioner", 995)]
    assert [row["case_id"] for row in read(run_cli("cases", "list", "--json"))["cases"]] == [second["case_id"]]
    assert read(run_cli("credit", "--json"))["ratings"][0]["score"] == 995
    assert read(run_cli("audit", "verify", "--json"))["broken_at"] is None
    for arguments in [
        ("cases", "list"),
        ("cases", "show", first["case_id"]),
        ("credit",),
        ("user", "list"),
        ("audit", "verify"),
        ("doctor",),
    ]:
        assert run_cli(*arguments).code == 0


def test_wrong_use_is_told(swept: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEZHI_PASSWORD", PASSWORD)
    run_cli("cases", "open")
    run_cli("user", "add", "ins", "--role", "inspector", "--everything")
    (case_id, *_) = [row["case_id"] for row in read(run_cli("cases", "list", "--json"))["cases"]]
    decide = ("cases", "decide", case_id, "confirmed", "--reason", "as_found", "--user")
    for arguments, told in [
        (("cases", "list", "--state", "done"), "in_review"),
        (("cases", "list", "--verdict", "x"), "suspicious"),
        (("cases", "list", "--user", "who"), "no user who"),
        (("cases", "show", "C1"), "no case C1"),
        (("cases", "decide", case_id, "guilty", "--reason", "x", "--user", "ins"), "refuted"),
        (("cases", "decide", case_id, "refuted", "--reason", "as_found", "--user", "ins"), "clinical_evidence"),
        ((*decide, "who"), "do not fit"),
        (("user", "add", "ins", "--role", "inspector", "--everything"), "already"),
        (("user", "add", "x", "--role", "boss", "--everything"), "inspector"),
        (("user", "add", "x", "--role", "inspector"), "--everything"),
        (("credit", "--kind", "x"), "practitioner"),
    ]:
        run = run_cli(*arguments)
        assert (run.code, told in run.err) == (2, True), (arguments, run.err)
    monkeypatch.setenv("XIEZHI_PASSWORD", "wrong")
    for _ in range(5):
        assert run_cli(*decide, "ins").code == 2
    monkeypatch.setenv("XIEZHI_PASSWORD", PASSWORD)
    assert run_cli(*decide, "ins").code == 2  # the account rests
    assert run_cli("cases", "list", "--json").out.count(case_id) == 1


def test_no_claims(home: Path, run_cli: RunCli) -> None:
    run = run_cli("cases", "open")
    assert (run.code, "xiezhi ingest" in run.err) == (2, True)


def test_tampering_is_told_with_exit_code_1(swept: Path, run_cli: RunCli) -> None:
    run_cli("cases", "open")
    with sqlite3.connect(swept / "xiezhi.db") as connection:
        connection.execute("DROP TRIGGER audit_no_UPDATE")
        connection.execute("UPDATE audit SET actor = 'me' WHERE seq = 2")
    connection.close()
    run = run_cli("audit", "verify")
    assert (run.code, "broken at row 2" in run.out) == (1, True)


def test_doctor(home: Path, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {each["name"]: each for each in read(run_cli("doctor", "--json"))}
    assert (checks["database"]["state"], checks["event log"]["used"], checks["rules"]["state"]) == ("absent", "embedded", "ok")
    assert not home.exists()
    assert run_cli("db", "upgrade").code == 0
    assert {each["name"]: each for each in read(run_cli("doctor", "--json"))}["database"]["state"] == "ok"
    monkeypatch.setenv("XIEZHI_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("XIEZHI_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x")
    run = run_cli("doctor", "--json")
    checks = {each["name"]: each for each in read(run, 3)}
    assert checks["event log"]["state"] == checks["database"]["state"] == "unreachable"
    assert "kafka-server-start" in checks["event log"]["todo"]
    assert "pg_ctl start" in checks["database"]["todo"]
    assert "secret" not in run.out + run.err
    assert run_cli("cases", "list").code == 3
    assert run_cli("db", "upgrade").code == 3

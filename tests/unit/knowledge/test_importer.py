"""The importer: every kind of error is named with file, line and column; the good points beside it come in."""

from __future__ import annotations

import random
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiezhi.ruleset.knowledge.bundled import bundled_points
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.knowledge.point_row import BATCH_DATES
from xiezhi.ruleset.knowledge.report import Reading, not_coded

HEADER = "kp_id,rule_no,item_name,limit,published_at,supersedes"
GOOD = 'KP-good,67,某药,"{""sex"": ""女""}",2026-01-01,'
GOOD_CODE = "KP-good,a,XG02ADD082D001010100001"


def write(folder: Path, points: str, codes: str = "", encoding: str = "utf-8") -> list[Path]:
    paths = [folder / "points.csv", folder / "codes.csv"]
    paths[0].write_bytes(points.encode(encoding))
    paths[1].write_bytes(f"kp_id,role,code\n{GOOD_CODE}\n{codes}".encode(encoding))
    return paths


def load(folder: Path, row: str, codes: str = "KP-bad,a,XG02ADD082D001010100002", header: str = HEADER) -> Reading:
    return read_points(write(folder, f"{header}\n{GOOD}\n{row}\n", codes))


def only_reject(reading: Reading) -> tuple[int | None, int | None, str]:
    assert [each.kp_id for each in reading.points] == ["KP-good"]
    assert len(reading.rejects) == 1
    problems = reading.rejects[0].problems
    assert len(problems) == 1, [str(each) for each in problems]
    return problems[0].where.line, problems[0].where.column, problems[0].what


@pytest.mark.parametrize(
    ("row", "column", "named"),
    [
        (",67,某药,,2026-01-01,", 1, "kp_id"),
        ("KP bad,67,某药,,2026-01-01,", 1, "kp_id"),
        ("KP-bad,,某药,,2026-01-01,", 2, "no rule class"),
        ("KP-bad,89,某药,,2026-01-01,", 2, "89"),
        ("KP-bad,67,,,2026-01-01,", 3, "item_name"),
        ('KP-bad,67,某药,"{""sex"": ""X""}",2026-01-01,', 4, "sex"),
        ("KP-bad,67,某药,,2026-02-30,", 5, "2026-02-30"),
        ("KP-bad,67,某药,,,", 5, "no date"),
        ("KP-bad,67,某药,,2026-01-01,KP-bad", 6, "supersede itself"),
        ("KP-bad,67,某药,,2026-01-01", None, "cells"),
    ],
)
def test_a_wrong_cell_of_a_point_is_named(tmp_path: Path, row: str, column: int | None, named: str) -> None:
    codes = "" if row.startswith((",", "KP bad")) else "KP-bad,a,XG02ADD082D001010100002"
    line, at, what = only_reject(load(tmp_path, row, codes))
    assert (line, at) == (3, column)
    assert named in what


@pytest.mark.parametrize(
    ("code_row", "column", "named"),
    [
        ("KP-bad,x,XG02ADD082D001010100002", 2, "role"),
        ("KP-bad,b,XG02ADD082D001010100002", 2, "no role"),
        ("KP-bad,a,", 3, "not a code"),
        ("KP-bad,a,某药", 3, "not a code"),
        ("KP-bad,a", None, "cells"),
    ],
)
def test_a_wrong_code_row_refuses_its_point(tmp_path: Path, code_row: str, column: int | None, named: str) -> None:
    row = 'KP-bad,67,某药,"{""sex"": ""女""}",2026-01-01,'
    line, at, what = only_reject(load(tmp_path, row, f"KP-bad,a,XG02ADD082D001010100002\n{code_row}"))
    assert (line, at) == (4, column)
    assert named in what


def test_codes_without_point_and_rows_without_id_are_named(tmp_path: Path) -> None:
    reading = read_points(write(tmp_path, f"{HEADER}\n{GOOD}\n", "KP-none,a,X1\n,a,X2\n"))
    assert [each.kp_id for each in reading.points] == ["KP-good"]
    places = [(each.problems[0].where.line, each.problems[0].where.column) for each in reading.rejects]
    assert places == [(3, 1), (4, 1)]


def test_all_problems_of_a_row_come_at_once(tmp_path: Path) -> None:
    reading = load(tmp_path, 'KP-bad,99,,"{",2026-13-01,KP-bad', "KP-bad,q,#")
    assert len(reading.rejects[0].problems) >= 5


def test_the_columns_that_name_the_class_must_agree(tmp_path: Path) -> None:
    header = "kp_id,rule_no,gz_code,rule_class,item_name,limit,published_at"
    good = 'KP-good,67,GZ10000301004000,药品区分性别使用,某药,"{""sex"": ""女""}",2026-01-01'
    bad = 'KP-bad,67,GZ10000301002000,药品区分性别使用,某药,"{""sex"": ""女""}",2026-01-01'
    reading = read_points(write(tmp_path, f"{header}\n{good}\n{bad}\n", "KP-bad,a,X1"))
    line, _, what = only_reject(reading)
    assert line == 3
    assert "different classes" in what


@pytest.mark.parametrize("columns", ["rule_no,67", "rule_code,GZ10000301004000", "gz_code,GZ10000301004000", "rule_class,药品区分性别使用"])
def test_any_one_column_names_the_class(tmp_path: Path, columns: str) -> None:
    column, value = columns.split(",")
    text = f'kp_id,{column},item_name,limit,published_at\nKP-good,{value},某药,"{{""sex"": ""女""}}",2026-01-01\n'
    reading = read_points(write(tmp_path, text))
    assert [each.class_no for each in reading.points] == [67]


@pytest.mark.parametrize("role", ["a", "item", "main"])
@pytest.mark.parametrize("column", ["code", "med_list_codg"])
def test_names_of_roles_and_of_the_code_column(tmp_path: Path, role: str, column: str) -> None:
    points, codes = write(tmp_path, f"{HEADER}\n{GOOD}\n")
    codes.write_text(f"kp_id,role,{column}\nKP-good,{role},X1\n", "utf-8")
    assert read_points([codes, points]).points[0].codes_of("a") == ("X1",)


def test_two_rows_of_one_point_agree_or_both_are_refused(tmp_path: Path) -> None:
    assert [each.kp_id for each in load(tmp_path, GOOD, "").points] == ["KP-good"]
    reading = load(tmp_path, GOOD.replace("女", "男"), "")
    assert reading.points == ()
    assert "limit" in reading.rejects[0].problems[0].what
    assert reading.rejects[0].problems[0].where.line == 3


def test_gb18030_bom_crlf_and_quoted_line_breaks(tmp_path: Path) -> None:
    text = f'{HEADER}\r\nKP-good,67,"某药\r\n二行","{{""sex"": ""女""}}",2026-01-01,\r\nKP-bad,67,某药,"{{""sex"": 1}}",2026-01-01,\r\n'
    for encoding in ("utf-8-sig", "gb18030"):
        reading = read_points(write(tmp_path, text, encoding=encoding))
        line, column, _ = only_reject(reading)
        assert (line, column) == (4, 4)


def test_a_workbook_reads_like_the_two_files(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    points = book.active
    assert points is not None
    points.append(["kp_id", "rule_no", "item_name", "limit", "published_at"])
    points.append(["KP-good", 67, "某药", '{"sex": "女"}', date(2026, 1, 1)])
    points.append(["KP-bad", 67, "某药", '{"sex": "X"}', "2026-01-01"])
    codes = book.create_sheet("codes")
    codes.append(["kp_id", "role", "code"])
    codes.append(["KP-good", "a", "X1"])
    book.save(tmp_path / "points.xlsx")
    reading = read_points([tmp_path / "points.xlsx"])
    assert only_reject(reading)[:2] == (3, 4)
    assert reading.points[0].valid_from == date(2026, 1, 1)


def test_files_that_are_no_tables_of_points(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    (tmp_path / "bytes.csv").write_bytes(b"kp_id,role,code\n\xff\xff\xff")
    (tmp_path / "twice.csv").write_text("kp_id,role,code,code\n", "utf-8")
    (tmp_path / "quote.csv").write_text('kp_id,role,code\nKP,a,"open', "utf-8")
    (tmp_path / "book.xlsx").write_bytes(b"no workbook")
    reading = read_points(sorted(tmp_path.iterdir()))
    assert {Path(each.problems[0].where.path).name for each in reading.rejects} == {each.name for each in tmp_path.iterdir()}


def test_dates_default_to_the_notice_and_its_batch(tmp_path: Path) -> None:
    header = "kp_id,rule_no,item_name,limit,batch,published_at,valid_from,valid_to"
    limit = '"{""sex"": ""女""}"'
    rows = [
        f"KP-good,67,某药,{limit},8,,,",
        f"KP-1,67,某药,{limit},batch_08,2026-03-01,,",
        f"KP-2,67,某药,{limit},99,2026-03-01,2026-04-01,2026-04-30",
        f"KP-3,67,某药,{limit},99,,,",
        f"KP-4,67,某药,{limit},8,,2026-04-02,2026-04-01",
    ]
    reading = read_points(write(tmp_path, "\n".join([header, *rows]) + "\n"))
    assert {each.kp_id: (each.valid_from, each.valid_to) for each in reading.points} == {
        "KP-good": (BATCH_DATES[8], None),
        "KP-1": (date(2026, 3, 1), None),
        "KP-2": (date(2026, 4, 1), date(2026, 4, 30)),
    }
    assert [each.kp_id for each in reading.rejects] == ["KP-3", "KP-4"]


def test_what_is_text_only_is_kept_and_says_why(tmp_path: Path) -> None:
    header = "kp_id,rule_no,item_name,limit,published_at"
    rows = [
        "KP-5,5,某药,,2026-01-01",
        "KP-8,8,某药,,2026-01-01",
        "KP-67,67,某药,,2026-01-01",
        "KP-3,3,阿胶,,2026-01-01",
        "KP-21,21,某项目,,2026-01-01",
    ]
    codes = "\n".join(f"{row.split(',')[0]},a,X1" for row in rows if "KP-3," not in row)
    reading = read_points(write(tmp_path, "\n".join([header, *rows, 'KP-good,67,某药,"{""sex"": ""女""}",2026-01-01']) + "\n", codes))
    assert not reading.rejects
    reasons = {each.kp_ids[0]: each.reason for each in not_coded(list(reading.points))}
    assert reasons.keys() == {"KP-5", "KP-8", "KP-67", "KP-3", "KP-21"}
    for kp_id, part in (("KP-5", "first-line"), ("KP-8", "role b"), ("KP-67", "sex"), ("KP-3", "no codes"), ("KP-21", "dept")):
        assert part in reasons[kp_id]


def test_a_remark_of_the_notice_is_refused_as_such(tmp_path: Path) -> None:
    _, column, what = only_reject(load(tmp_path, "KP-bad,81,说明：性别不清人群不纳入。,,2026-01-01,", ""))
    assert column == 3
    assert "remark" in what


@pytest.mark.checkout
@given(st.randoms(use_true_random=False))
@settings(max_examples=5)
def test_the_order_of_rows_and_files_does_not_matter(checkout: Path, chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for path in sorted((checkout / "rules" / "knowledge").glob("*.csv")):
            header, *rows = path.read_text("utf-8").splitlines(keepends=True)
            chance.shuffle(rows)
            paths.append(Path(folder) / path.name)
            paths[-1].write_text(header + "".join(rows), "utf-8")
        chance.shuffle(paths)
        assert read_points(paths).points == bundled_points(checkout / "rules").points


def test_a_code_that_is_cut_short_is_warned_of(tmp_path: Path) -> None:
    reading = read_points(write(tmp_path, f"{HEADER}\n{GOOD}\n", "KP-good,a,XG02ADD082D0\n"))
    assert [each.where.line for each in reading.warnings] == [3]
    assert reading.points[0].codes_of("a") == ("XG02ADD082D0", "XG02ADD082D001010100001")

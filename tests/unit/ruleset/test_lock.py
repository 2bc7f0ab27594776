"""The lock: a change of content is a new version, an id never disappears, the file keeps all but the number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.lock import NAME, lock_problems, read_lock, write_lock
from xiezhi.ruleset.schema import PATH, schema_is_current, write_schema

RULE = "catalogue/policy/drug/07_children_only.yaml"
ID = "GZ10000101007000"


def test_a_locked_base_is_current_and_locking_again_changes_nothing(base: Any) -> None:
    before = {path: path.read_bytes() for path in base.folder.rglob("*") if path.is_file()}
    assert lock_problems(base.load()) == []
    assert write_lock(base.load()) == []
    assert {path: path.read_bytes() for path in base.folder.rglob("*") if path.is_file()} == before


def test_a_change_of_content_is_a_new_version_and_only_the_number_changes(base: Any) -> None:
    base.edit(RULE, "max_age_years, param", "max_age_years,  param")
    base.edit(RULE, "version: 1", "version:   1   # 版本")
    changed = base.rule.read_bytes()
    assert [problem.accepted for problem in lock_problems(base.load())] == ["version: 2"]
    assert write_lock(base.load()) == [(ID, 1, 2)]
    assert base.rule.read_bytes() == changed.replace(b"version:   1   #", b"version:   2   #")
    assert lock_problems(base.load()) == []
    assert read_lock(base.folder)[ID].version == 2


def test_a_version_set_by_hand_is_put_right(base: Any) -> None:
    base.edit(RULE, "version: 1", "version: 7")
    assert write_lock(base.load()) == []
    assert base.load().rules[ID].version == 1


def test_line_ends_of_the_file_stay(base: Any) -> None:
    base.rule.write_bytes(base.rule.read_bytes().replace(b"\n", b"\r\n").replace(b"why: ", "why: 又，".encode()))
    write_lock(base.load())
    raw = base.rule.read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n")
    assert b"version: 2\r\n" in raw


@pytest.mark.parametrize(
    ("old", "new"), [("kind: miss", "kind:  miss"), ("amount: 10.00", "amount: 10.0"), ("status: active", "status: shadow")]
)
def test_cases_and_status_make_no_version(base: Any, old: str, new: str) -> None:
    base.edit(RULE, old, new)
    assert write_lock(base.load()) == []
    assert base.load().rules[ID].version == 1


def test_a_new_status_is_locked(base: Any) -> None:
    base.edit(RULE, "status: active", "status: retired")
    assert "过时" in str(lock_problems(base.load())[0])
    write_lock(base.load())
    assert read_lock(base.folder)[ID].status == "retired"


def test_an_id_may_not_disappear(base: Any) -> None:
    base.edit(RULE, f"id: {ID}", "id: XZ-AB-001")
    base.edit(RULE, "class_no: 7\n", "")
    assert any(ID in problem.what and "消失" in problem.what for problem in lock_problems(base.load()))
    before = (base.folder / NAME).read_bytes()
    with pytest.raises(XiezhiError, match="retire"):
        write_lock(base.load())
    assert (base.folder / NAME).read_bytes() == before


def test_a_moved_file_is_locked_at_its_new_place(base: Any) -> None:
    moved = base.folder / "catalogue" / "moved.yaml"
    base.rule.rename(moved)
    assert len(lock_problems(base.load())) == 1
    write_lock(base.load())
    assert read_lock(base.folder)[ID].path == "catalogue/moved.yaml"


def test_the_lock_is_sorted_json_and_a_broken_one_is_refused(base: Any) -> None:
    data = json.loads((base.folder / NAME).read_text("utf-8"))
    assert list(data) == sorted(data)
    assert set(data[ID]) == {"version", "hash", "status", "path"}
    (base.folder / NAME).write_text("{", "utf-8")
    with pytest.raises(XiezhiError, match="not a lock"):
        read_lock(base.folder)


def test_the_schema_is_written_once(base: Any) -> None:
    assert not write_schema(base.folder)
    (base.folder / PATH).write_text("{}", "utf-8")
    assert not schema_is_current(base.folder)
    assert write_schema(base.folder)
    assert schema_is_current(base.folder)

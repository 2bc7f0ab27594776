"""The store: idempotent, atomic, and a function of what was imported, never of the order in which it came."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint, Limit, PointCode, sorted_codes
from xiezhi.ruleset.knowledge.merge import Contradiction, merge
from xiezhi.ruleset.knowledge.report import Reading
from xiezhi.ruleset.knowledge.vocabulary import why_not_coded
from xiezhi.storage.knowledge import KnowledgeBase

DAY = date(2026, 1, 1)


def a_point(
    kp_id: str,
    class_no: int = 67,
    limit: Limit | None = None,
    codes: Sequence[tuple[str, str]] = (("a", "X1"),),
    begins: date = DAY,
    ends: date | None = None,
    supersedes: tuple[str, ...] = (),
    region: str = "",
    batch: str = "",
) -> KnowledgePoint:
    limit = Limit(sex="2") if limit is None else limit
    listed = sorted_codes(PointCode(role, code) for role, code in codes)  # type: ignore[arg-type]
    reason = why_not_coded(class_no, limit, listed)
    return KnowledgePoint(
        kp_id, class_no, "某药", "", "", batch, None, begins, ends, supersedes, region, "", "", not reason, reason, limit, listed
    )  # fmt: skip


def reading(*points: KnowledgePoint) -> Reading:
    return Reading(len(points), points, {})


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    return KnowledgeBase(tmp_path)


def test_importing_twice_changes_nothing(base: KnowledgeBase) -> None:
    first = base.add(reading(a_point("KP-1"), a_point("KP-2")))
    version = base.version()
    again = base.add(reading(a_point("KP-2"), a_point("KP-1")))
    assert (first.imported, first.unchanged) == (2, 0)
    assert (again.imported, again.unchanged) == (0, 2)
    assert base.version() == version
    assert len(list((base.folder / "states").iterdir())) == 1


def test_points_come_back_as_they_were(base: KnowledgeBase) -> None:
    limit = Limit(max_quantity=1_500_000, unit="日", per="calendar_day")
    point = replace(
        a_point("KP-1", 27, limit, [("a", "001102000040000")], ends=DAY, region="330100", batch="8"),
        published_at=DAY,
        source_url="https://example.org/notice",
        codes=(PointCode("a", "001102000040000", "留观诊查费"),),
    )
    base.add(reading(point))
    found = base.points()
    assert found == [point]
    assert found[0].codes[0].name == "留观诊查费"


def test_other_content_under_a_known_id_is_refused_and_nothing_replaced(base: KnowledgeBase) -> None:
    base.add(reading(a_point("KP-1")))
    version = base.version()
    for other in (
        a_point("KP-1", limit=Limit(sex="1")),
        a_point("KP-1", codes=[("a", "X1"), ("a", "X2")]),
        a_point("KP-1", begins=DAY + timedelta(days=1)),
        a_point("KP-1", class_no=81),
        a_point("KP-1", region="330100"),
    ):
        report = base.add(reading(other))
        assert [each.kp_id for each in report.rejects] == ["KP-1"]
        assert base.version() == version


def test_a_stated_end_may_be_added_but_not_changed(base: KnowledgeBase) -> None:
    base.add(reading(a_point("KP-1")))
    assert not base.add(reading(a_point("KP-1", ends=date(2026, 6, 30)))).rejects
    assert base.points()[0].valid_to == date(2026, 6, 30)
    assert not base.add(reading(a_point("KP-1"))).rejects
    assert base.points()[0].valid_to == date(2026, 6, 30)
    assert base.add(reading(a_point("KP-1", ends=date(2026, 7, 1)))).rejects


def test_coding_completes_a_text_in_either_order(tmp_path: Path) -> None:
    text, coded = a_point("KP-1", 8, Limit()), a_point("KP-1", 8, Limit(), [("a", "X1"), ("b", "E11")])
    assert not text.coded
    assert coded.coded
    one, other = KnowledgeBase(tmp_path / "one"), KnowledgeBase(tmp_path / "other")
    report = one.add(reading(text))
    assert [(each.class_no, each.kp_ids) for each in report.not_coded] == [(8, ("KP-1",))]
    assert one.arrow()[0].num_rows == 0
    report = one.add(reading(coded))
    assert (report.completed, report.imported, report.not_coded) == (1, 0, ())
    other.add(reading(coded))
    assert other.add(reading(text)).not_coded == ()
    assert one.version() == other.version()
    assert other.points()[0].coded


def test_a_chain_ends_the_older_point_the_day_before(base: KnowledgeBase) -> None:
    new = a_point("KP-2", begins=date(2026, 3, 1), supersedes=("KP-1",))
    pending = base.add(reading(new))
    assert ["pending chain" in each.what for each in pending.warnings] == [True]
    report = base.add(reading(a_point("KP-1")))
    assert report.superseded == (("KP-1", "KP-2"),)
    old, _ = base.points()
    assert old.valid_to == date(2026, 2, 28)
    assert [each.kp_id for each in base.points() if each.in_force(date(2026, 2, 28))] == ["KP-1"]
    assert [each.kp_id for each in base.points() if each.in_force(date(2026, 3, 1))] == ["KP-2"]
    assert [each.kp_id for each in base.points() if each.in_force(date(2025, 12, 31))] == []
    assert base.successor("KP-1") == "KP-2"


def test_an_end_that_is_stated_earlier_stands(base: KnowledgeBase) -> None:
    base.add(reading(a_point("KP-1", ends=date(2026, 1, 31)), a_point("KP-2", begins=date(2026, 3, 1), supersedes=("KP-1",))))
    assert base.points()[0].valid_to == date(2026, 1, 31)


@pytest.mark.parametrize(("sooner_id", "later_id"), [("KP-2", "KP-3"), ("KP-3", "KP-2")])
def test_of_two_successors_the_first_to_begin_counts(base: KnowledgeBase, sooner_id: str, later_id: str) -> None:
    later = a_point(later_id, begins=date(2026, 5, 1), supersedes=("KP-1",))
    sooner = a_point(sooner_id, begins=date(2026, 3, 1), supersedes=("KP-1",))
    base.add(reading(a_point("KP-1"), later, sooner))
    assert base.points()[0].valid_to == date(2026, 2, 28)


def test_a_point_whose_successor_is_not_later_was_never_in_force(base: KnowledgeBase) -> None:
    base.add(reading(a_point("KP-1"), a_point("KP-2", supersedes=("KP-1",))))
    assert not any(base.points()[0].in_force(DAY + timedelta(days=each)) for each in range(-2, 3))


def test_circles_and_foreign_regions_end_nothing_and_are_reported(base: KnowledgeBase) -> None:
    circle = a_point("KP-1", supersedes=("KP-2",)), a_point("KP-2", begins=DAY + timedelta(days=9), supersedes=("KP-1",))
    regional = a_point("KP-4", begins=DAY + timedelta(days=9), supersedes=("KP-3",), region="330100")
    report = base.add(reading(*circle, a_point("KP-3"), regional))
    assert len(report.warnings) == 3
    assert all(each.valid_to is None for each in base.points())


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        ({}, {"limit": Limit(sex="1")}, True),
        ({}, {}, False),
        ({}, {"limit": Limit(sex="1"), "codes": [("a", "X2")]}, False),
        ({}, {"limit": Limit(sex="1"), "region": "330100"}, False),
        ({"ends": DAY}, {"limit": Limit(sex="1"), "begins": DAY + timedelta(days=1)}, False),
        ({"ends": DAY}, {"limit": Limit(sex="1"), "begins": DAY}, True),
        ({}, {"limit": Limit(sex="1"), "begins": DAY + timedelta(days=1), "supersedes": ("KP-1",)}, False),
        ({"class_no": 15, "limit": Limit(surgery_group="甲")}, {"class_no": 15, "limit": Limit(surgery_group="乙")}, False),
        ({"class_no": 8, "limit": Limit(), "codes": [("a", "X1"), ("b", "E11")]},
         {"class_no": 8, "limit": Limit(), "codes": [("a", "X1"), ("b", "E10")]}, True),
        ({"class_no": 71, "limit": Limit(), "codes": [("a", "X1"), ("b", "E11")]},
         {"class_no": 71, "limit": Limit(), "codes": [("a", "X1"), ("b", "E10")]}, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [True, False])
def test_points_that_contradict_each_other_are_reported(
    base: KnowledgeBase, one: dict[str, object], other: dict[str, object], conflict: bool, at_once: bool
) -> None:
    first, second = a_point("KP-1", **one), a_point("KP-2", **other)  # type: ignore[arg-type]
    reports = [base.add(reading(first, second))] if at_once else [base.add(reading(first)), base.add(reading(second))]
    assert [len(each.warnings) for each in reports][-1] == int(conflict)
    assert len(base.points()) == 2


def test_the_arrow_form_has_a_column_for_every_limit(base: KnowledgeBase) -> None:
    base.add(
        reading(
            a_point("KP-1", 71, Limit(), [("a", "X1"), ("a", "X2"), ("b", "E11"), ("b", "J84.100"), ("b", "J84.1")]),
            a_point("KP-2", 21, Limit(), [("a", "003115990080000"), ("dept", "A15")]),
            a_point("KP-3", 8, Limit()),
        )
    )
    points, codes = base.arrow()
    assert codes.num_rows == 7
    assert points.column("kp_id").to_pylist() == ["KP-1", "KP-2"]
    assert (points.column("count_a").to_pylist(), points.column("count_b").to_pylist()) == ([2, 1], [3, 0])
    with duckdb.connect() as connection:
        types = {row[0]: row[1] for row in connection.execute("DESCRIBE SELECT * FROM points").fetchall()}
        assert {types[name] for name, kind in LIMIT_FIELDS.items() if kind == "text"} == {"VARCHAR"}
        assert {types[name] for name, kind in LIMIT_FIELDS.items() if kind != "text"} == {"BIGINT"}
        assert (types["valid_from"], types["valid_to"]) == ("DATE", "DATE")
        rows = connection.execute("SELECT class_no, role, code, is_prefix FROM codes ORDER BY ALL").fetchall()
    assert rows == [
        (21, "a", "003115990080000", False),
        (21, "dept", "A15", True),
        (71, "a", "X1", False),
        (71, "a", "X2", False),
        (71, "b", "E11", True),
        (71, "b", "J84.1", True),
        (71, "b", "J84.100", False),
    ]


def test_a_reader_sees_a_change_made_by_another(tmp_path: Path) -> None:
    reader, writer = KnowledgeBase(tmp_path), KnowledgeBase(tmp_path)
    empty = reader.version()
    writer.add(reading(a_point("KP-1")))
    assert reader.version() != empty
    assert [each.kp_id for each in reader.points()] == ["KP-1"]


def test_an_import_that_dies_leaves_the_old_state(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    base.add(reading(a_point("KP-1")))
    version = base.version()

    def dies(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", dies)
    with pytest.raises(OSError, match="disk full"):
        base.add(reading(a_point("KP-2")))
    monkeypatch.undo()
    assert KnowledgeBase(base.folder.parent).version() == version
    assert base.add(reading(a_point("KP-2"))).imported == 1


def test_merge_is_the_same_both_ways_and_says_what_differs() -> None:
    one = replace(a_point("KP-1"), source_url="u", published_at=DAY)
    other = replace(a_point("KP-1", ends=DAY, batch="8"), source_file="f")
    assert merge(one, other) == merge(other, one)
    assert merge(one, other).valid_to == DAY
    with pytest.raises(Contradiction, match=r"^limit$"):
        merge(one, a_point("KP-1", limit=Limit(sex="1")))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[KnowledgePoint], random.Random]:
    """Points with chains, some of them both as text and coded, some twice with and without provenance."""
    count = draw(st.integers(1, 7))
    points = []
    for at in range(count):
        others = [each for each in range(count + 2) if each != at]
        olds = tuple(sorted(f"KP-{each}" for each in draw(st.lists(st.sampled_from(others), max_size=2, unique=True))))
        begins = DAY + timedelta(days=draw(st.integers(0, 40)))
        region = draw(st.sampled_from(["", "", "330100"]))
        stated = draw(st.sampled_from([None, begins + timedelta(days=30)]))
        full = a_point(f"KP-{at}", 8, Limit(), [("a", f"X{at % 3}"), ("b", "E11")], begins, stated, olds, region)
        text = a_point(f"KP-{at}", 8, Limit(), [("a", f"X{at % 3}")], begins, None, olds, region)
        bare = replace(full, valid_to=None, batch="12", source_url="https://example.org")
        points += draw(st.sampled_from([[full], [text], [full, text], [text, full, bare], [bare, full]]))
    return points, draw(st.randoms(use_true_random=False))


@settings(max_examples=10)
@given(worlds())
def test_the_base_does_not_depend_on_the_order_of_imports(world: tuple[list[KnowledgePoint], random.Random]) -> None:
    points, chance = world
    seen = set()
    for _ in range(3):
        chance.shuffle(points)
        with tempfile.TemporaryDirectory() as folder:
            base = KnowledgeBase(Path(folder))
            parts = chance.randint(1, 3)
            for part in range(parts):
                assert not base.add(reading(*points[part::parts])).rejects
            rows = [
                (each.kp_id, each.content_hash(), each.valid_from, each.valid_to, each.batch, each.source_url) for each in base.points()
            ]
            seen.add((base.version(), tuple(rows)))
    assert len(seen) == 1

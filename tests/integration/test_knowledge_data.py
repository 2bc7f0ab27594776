"""The published points of NHSA and the examples: all come in, chains close, and whatever does not is explained."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.knowledge.report import ImportReport
from xiezhi.storage.knowledge import KnowledgeBase

pytestmark = pytest.mark.data


def take(base: KnowledgeBase, folder: Path) -> ImportReport:
    return base.add(read_points([folder / "points.csv", folder / "codes.csv"]))


def test_both_published_sets_with_their_chains(tmp_path: Path, shared_data: Path) -> None:
    base = KnowledgeBase(tmp_path)
    first = take(base, shared_data / "nhsa_points")
    assert (first.read, first.imported, len(first.rejects)) == (2693, 2692, 1)
    assert first.rejects[0].problems[0].where.line == 873
    second = take(base, shared_data / "nhsa_points_2026")
    assert (second.read, second.imported, len(second.superseded), second.rejects, second.warnings) == (1206, 1206, 397, (), ())
    assert {(each.class_no, len(each.kp_ids)) for each in second.not_coded} == {(5, 110), (8, 510), (67, 3)}
    assert all(each.reason for each in second.not_coded)
    points = base.points()
    assert sum(each.valid_to == date(2026, 1, 27) for each in points) == 397
    assert Counter(each.coded for each in points) == {True: 3898 - 623, False: 623}
    newborn = [each for each in points if each.limit.max_age_days == 28]
    assert len(newborn) == 18
    assert {each.class_no for each in newborn} == {80}
    assert Counter(each.limit.course_mode for each in points if each.class_no in (10, 23)) == {"days": 69, "span": 1}
    assert Counter(each.limit.window for each in points if each.class_no == 25) == {"day": 446, "encounter": 429, "hours": 18, "hour": 7}


def test_the_examples_come_in_without_reject(tmp_path: Path, shared_data: Path) -> None:
    base = KnowledgeBase(tmp_path)
    report = take(base, shared_data / "examples" / "knowledge")
    assert (report.read, report.imported, report.rejects, report.not_coded, report.warnings) == (85, 85, (), (), ())
    assert base.arrow()[0].num_rows == 85


def test_the_order_of_the_three_sets_does_not_matter(tmp_path: Path, shared_data: Path) -> None:
    names = ["nhsa_points", "nhsa_points_2026", "examples/knowledge"]
    versions = set()
    for at, order in enumerate((names, names[::-1])):
        base = KnowledgeBase(tmp_path / str(at))
        for name in order:
            take(base, shared_data / name)
        versions.add(base.version())
        again = take(base, shared_data / "nhsa_points")
        assert (again.imported, again.completed) == (0, 0)
        versions.add(base.version())
    assert len(versions) == 1

"""The score counts what findings touch, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.detection_score import score, touching
from xiezhi.domain.errors import XiezhiError


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Two lines in one stay at H1, one line at H2, and a second scheme with a stay alone."""
    (tmp_path / "truth_schemes.csv").write_text("scheme,institution,start,note\nsplit,H1,2026-03-01,x\nring,H2,2026-03-01,x\n")
    (tmp_path / "truth_lines.csv").write_text(
        "scheme,fixmedins_code,bkkp_sn,psn_no,mdtrt_id,amount_fen\nsplit,H1,1,p,m1,100\nsplit,H1,2,p,m1,50\nring,H2,1,q,m2,7\n"
    )
    (tmp_path / "truth_entities.csv").write_text(
        "scheme,kind,id\nsplit,institution,H1\nsplit,stay,m1\nsplit,person,p\nring,institution,H2\nring,person,r\n"
    )
    return tmp_path


def finding(**values: Any) -> dict[str, Any]:
    return {"line_ids": [], "institution_code": "H1", "encounter_id": None, "verdict": "definite", "status": "open", **values}


def test_a_named_line_is_found_and_an_equal_number_elsewhere_is_not(truth: Path) -> None:
    ring, split = score([finding(line_ids=["1"])], truth)
    assert (split.lines_found, split.money_found_fen, split.persons_found, split.institutions_found, split.stays_found) == (1, 100, 1, 1, 1)
    assert (ring.lines_true, ring.lines_found, ring.money_found_fen) == (1, 0, 0)


def test_a_line_of_another_institution_is_spelled_out(truth: Path) -> None:
    ring, _ = score([finding(line_ids=["H2:1"])], truth)
    assert (ring.lines_found, ring.money_found_fen, ring.institutions_found, ring.persons_true, ring.persons_found) == (1, 7, 1, 2, 1)


def test_a_finding_about_a_stay_finds_its_lines(truth: Path) -> None:
    _, split = score([finding(encounter_id="m1")], truth)
    assert (split.lines_found, split.stays_found, split.money_found_fen, split.money_share) == (2, 1, 150, 1.0)


def test_only_open_findings_count_and_tables_are_read(truth: Path) -> None:
    closed = finding(line_ids=["1"], status="superseded")
    assert all(s.lines_found == 0 for s in score([closed], truth))
    table = pa.Table.from_pylist(
        [closed, finding(line_ids=["2"]), finding(line_ids=["9"]), finding(verdict="suspicious", encounter_id="m1")]
    )
    assert [s.lines_found for s in score(table, truth)] == [0, 2]
    assert [(t.verdict, t.findings, t.touching, t.share) for t in touching(table, truth)] == [
        ("definite", 2, 1, 0.5),
        ("suspicious", 1, 1, 1.0),
    ]


def test_a_missing_truth_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(XiezhiError, match="--truth"):
        score([], tmp_path)

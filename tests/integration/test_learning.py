"""From decisions to scores in the queue, on a small simulated region: what is trained, who becomes champion, what is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from pipelines.demo.run import command
from xiezhi.domain.actor import Scope
from xiezhi.domain.signal import Subject
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.models import scores
from xiezhi.storage.sql.signals import SqlSignalStore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A region with cases, none of them decided."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("learning")
        patch.setenv("XIEZHI_HOME", str(home))
        tables = home / "tables"
        truth = ["--truth", str(home / "truth"), "--persons", "800", "--months", "3", "--seed", "5"]
        command("simulate", ["--out", str(tables), *truth])
        command("knowledge.import", [str(tables / "knowledge" / "points.csv"), str(tables / "knowledge" / "codes.csv")])
        command("ingest", [str(path) for path in sorted(tables.glob("*.parquet"))])
        command("sweep", [])
        command("cases.open", ["--as-of", "2026-09-01"])
        yield home


@pytest.fixture
def home(region: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The region, and the commands look at it."""
    monkeypatch.setenv("XIEZHI_HOME", str(region))
    return region


def _models(document: dict[str, object]) -> dict[str, dict[str, object]]:
    listed = document["models"]
    assert isinstance(listed, list)
    return {each["model"]: each for each in listed}


def test_without_decisions_then_with_them(home: Path) -> None:
    first = _models(command("train", []))
    assert {name for name, each in first.items() if each["alias"] == "champion"} == {f"anomaly.{subject.value}" for subject in Subject}
    assert "few decisions" in str(first["supervised.case"]["note"])

    done = command("score", ["--as-of", "2026-09-01"])
    assert done["missing"] == ["supervised.case"]
    assert done["applied"]["raised"] > 0
    database = Database(f"sqlite:///{home / 'xiezhi.db'}")
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(select(scores)).mappings()]
    for name, least in (("anomaly.institution", 0), ("anomaly.person", 900)):
        of_model = [row for row in rows if row["model"] == name]
        assert len(of_model) == done["scores"][name]
        assert min(row["permille"] for row in of_model) >= least
        top = max(of_model, key=lambda row: row["permille"])
        assert "同组中位数" in json.loads(top["reasons"])[0]["zh"]
        assert top["probability"] is None
        assert top["peers"] > 0
    with SqlCaseStore(database).write() as unit:
        cases = unit.cases(Scope.all(), unit.open_case_ids(Scope.all()))
    assert all(1000 <= case.factors.signal <= 1500 for case in cases.values()), "a score can raise a priority by half at most"

    # The same data give the same scores and reasons again.
    command("score", ["--as-of", "2026-09-01"])
    with database.read() as connection:
        assert [dict(row) for row in connection.execute(select(scores)).mappings()] == rows

    command("panel", ["--truth", str(home / "truth"), "--share", "0.7", "--top", "0", "--error", "0.3", "--seed", "2"])
    second = _models(command("train", []))
    case_model = second["supervised.case"]
    assert (case_model["alias"], case_model["version"]) == ("champion", "1")
    assert second["anomaly.institution"]["alias"] == "challenger", "a new version does not score before somebody wants it"
    card = (home / "models" / "supervised.case-1.md").read_text("utf-8")
    assert "simulated_share: 1.0" in card
    assert "只供演示" in card

    done = command("score", ["--as-of", "2026-09-01"])
    assert done["missing"] == []
    known = SqlSignalStore(database).scores_of(
        [(Subject.INSTITUTION, row["subject_id"]) for row in rows if row["subject"] == "institution"]
    )
    of_cases = [score for many in known.values() for score in many if score.model == "supervised.case"]
    assert of_cases
    assert all(score.probability is not None and 0 <= score.probability <= 1 for score in of_cases)
    assert {score.model_version for many in known.values() for score in many if score.model == "anomaly.institution"} == {"1"}

    third = _models(command("train", ["--promote"]))
    assert third["anomaly.institution"]["alias"] == "champion"
    # The same cases and seed give the same metrics, which is not worse.
    assert third["supervised.case"]["metrics"] == case_model["metrics"]
    assert third["supervised.case"]["alias"] == "champion"


def test_an_unknown_month_is_named(home: Path) -> None:
    from xiezhi.domain.errors import UsageError

    for name in ("train", "score"):
        with pytest.raises(UsageError, match="1999-01 has no stored claims"):
            command(name, ["--month", "1999-01"])

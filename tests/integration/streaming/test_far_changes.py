"""Changes that reach a person from afar, each shown directly: right as it is, and wrong under the mistake seeded for it.

In random lives a later event nearly always has the same person judged again, so that these mistakes hide there (test_convergence.py).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stream_world import Stream
from test_consumer import SETTLED, VISIT, event, fee
from test_convergence import rewritten

from streaming.judge import Judge
from streaming.topics import REVERSALS, SETTLEMENTS
from xiezhi.domain.events import Message
from xiezhi.domain.knowledge import KnowledgePoint, Limit, PointCode
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage import lmdb_update

DRUG, SERVICE = "XA01AAA001A001010100001", "001203000010000"
U = lmdb_update.Update


@pytest.fixture(scope="module")
def looking_back(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """The catalogue, with class 64 looking for the companion of a drug in the 30 days before: unknown until the store reaches as far."""
    folder = tmp_path_factory.mktemp("rules")
    shutil.copytree(find_rules_dir(), folder, dirs_exist_ok=True)
    path = next(folder.glob("catalogue/**/64_missing_companion.yaml"))
    text = path.read_text("utf-8")
    assert text.count("in: point.window") == 1
    path.write_text(text.replace("in: point.window", "in: rolling(30)"), "utf-8")
    base = load_rules(folder)
    codes = (PointCode("a", DRUG), PointCode("b", SERVICE))
    point = KnowledgePoint(
        "K1", 64, "示例", "", "", "", None, date(2020, 1, 1), None, (), "", "", "", True, "", Limit(window="day"), codes
    )  # fmt: skip
    return Judge(base.active, PointBase.of([point]), base.version)


def claim(person: str, day: str, item: str) -> tuple[str, Message]:
    """A settled visit of one person with one line."""
    visit = {"mdtrt_id": f"M-{person}", "psn_no": person, "begntime": f"{day} 08:00:00", "endtime": f"{day} 20:00:00"}
    bill = {"setl_id": f"S-{person}", "mdtrt_id": f"M-{person}", "psn_no": person, "setl_time": f"{day} 21:00:00"}
    line = fee(
        f"L-{person}", "1", psn_no=person, mdtrt_id=f"M-{person}", setl_id=f"S-{person}",
        fee_ocur_time=f"{day} 09:00:00", med_list_codg=item,
    )  # fmt: skip
    return event(SETTLEMENTS, person, mdtrt_d=[VISIT | visit], setl_d=[SETTLED | bill], fee_list_d=[line])


def open_of(stream: Stream, rule: str | int) -> list[str | None]:
    """Persons with an open finding of a rule or class."""
    return sorted(f.person_id or "" for f in stream.findings() if f.status == "open" and rule in (f.rule_id, f.class_no))


@dataclass(frozen=True)
class Far:
    """First the one event, then the one from afar: who has a finding of the rule before, who after; and the mistake that hides it."""

    first: tuple[str, Message]
    then: tuple[str, Message]
    rule: str | int
    before: list[str]
    after: list[str]
    function: Any
    old: str
    new: str


REFUND = fee("R1", "-1", psn_no="P2", mdtrt_id="M-P2", init_feedetl_sn="L-P1", fee_ocur_time="2026-05-03 09:00:00")
FAR = {
    "the earliest date of the store moves, by a line of somebody else": Far(
        claim("P1", "2026-05-03", DRUG), claim("P2", "2026-01-03", SERVICE), 64, [], ["P1"],
        U._move_earliest, "if self.earliest_date() != before:", "if False:",
    ),
    "a refund waits for a line that turns out to be another person's": Far(
        event(REVERSALS, "P2", fee_list_d=[REFUND]), claim("P1", "2026-05-03", SERVICE), "XZ-DQ-001", [], ["P2"],
        U._index_line, "self.mark(PERSON, waiting)", "pass",
    ),
}  # fmt: skip


def live(far: Far, home: Path, judge: Judge) -> tuple[list[str | None], list[str | None]]:
    stream = Stream(home, judge)
    stream.send([far.first])
    assert stream.run().counts.dead == 0
    before = open_of(stream, far.rule)
    stream.send([far.then])
    assert stream.run().counts.dead == 0
    return before, open_of(stream, far.rule)


@pytest.mark.parametrize("name", FAR)
def test_a_change_from_afar_is_judged(name: str, tmp_path: Path, looking_back: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    far = FAR[name]
    assert live(far, tmp_path / "right", looking_back) == (far.before, far.after)
    monkeypatch.setattr(U, far.function.__name__, rewritten(lmdb_update, far.function, far.old, far.new))
    assert live(far, tmp_path / "wrong", looking_back) != (far.before, far.after), "the seeded mistake shows nothing"

"""Scores and leads on the pages: shown with their reasons, inside the scope, to those who judge, and never as a finding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from supervision_ui.queries.network import NODES, draw
from xiezhi.domain.actor import SYSTEM, Role, Scope, mask
from xiezhi.domain.queue import QueueFilter
from xiezhi.domain.signal import Lead, Member, Relation, Score, ScoreReason, Subject, lead_id
from xiezhi.services.signals import apply_signals
from xiezhi.settings import Settings
from xiezhi.storage.sql.case_store import SqlCaseStore
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.signals import SqlSignalStore
from xiezhi.storage.sql.users import add_user

SignIn = Callable[[str], TestClient]
AT = datetime(2026, 9, 1, 9, 0)
DAY = date(2026, 8, 3)
FAR = "H44030500001"


class World:
    """One case with a score of its institution and a lead that its person is in, and a lead of elsewhere."""

    def __init__(self, settings: Settings) -> None:
        database = Database(settings.database)
        store, signals = SqlCaseStore(database), SqlSignalStore(database)
        row = next(each for each in store.queue(Scope.all(), QueueFilter(), None, 50) if each.person_masked)
        with store.write() as unit:
            case = unit.cases(Scope.all(), [row.case_id])[row.case_id]
        assert case.person_id
        self.case_id, self.code, self.person = case.case_id, case.key.institution_code, case.person_id
        reason = ScoreReason("fee", 12.5, 4.25, 0.5, "次均 12.5 元，同组 4.25 元", "12.5 yuan a visit, peers 4.25")
        score = Score(Subject.INSTITUTION, self.code, "2026-08", "m.place", "7", 940, 0.31, "三级/3301", 6, (reason,), "r")
        signals.put_scores("m.place", "2026-08", [score])
        self.here, self.there = self.lead(self.code, 880), self.lead(FAR, 990)
        signals.put_leads(["shared_contact"], "2026-08", [self.here, self.there])
        apply_signals(store, signals, AT.date(), AT, 300)
        add_user(database, SYSTEM, "near", "a pass phrase for tests", Role.INSPECTOR, Scope.of(institutions=[self.code]), AT)
        database.dispose()

    def lead(self, code: str, strength: int) -> Lead:
        people = (self.person, "330106199001010011", "330106199001010022")
        members = (*(Member(Subject.PERSON, each, "carrier") for each in people), Member(Subject.INSTITUTION, code, "hub"))
        relations = (
            Relation(people[1], people[2], "same_phone", 1.0, DAY),
            *(Relation(each, code, "visits", 3.0, DAY, DAY) for each in people),
        )
        return Lead(
            lead_id("shared_contact", "2026-08", [*people, code]),
            "shared_contact",
            "2026-08",
            strength,
            "3 人共用一个电话",
            "3 persons share a phone",
            members,
            (code,),
            DAY,
            DAY,
            (("phone", "139****5678", 3),),
            {"observed": 3.0, "expected": 0.02, "lift": 150.0},
            ("三人登记同一号码。",),
            ("Three gave one number.",),
            relations,
            12_345,
            "r",
        )


@pytest.fixture
def world(settings: Settings) -> World:
    return World(settings)


def test_a_case_shows_scores_reasons_peers_and_leads_and_how_they_weigh(world: World, sign_in: SignIn) -> None:
    client = sign_in("inspector")
    page = client.get(f"/cases/{world.case_id}").text
    for shown in ("不作为认定依据", "次均 12.5 元，同组 4.25 元", "▲ +0.50", "m.place", "31%", f"/leads/{world.here.lead_id}", "三级/3301"):
        assert shown in page, shown
    document = client.get(f"/cases/{world.case_id}.json").json()
    parts = document["factors"]["parts"]
    assert (parts["institution"], parts["leads"], parts["strongest"]) == (940, 2, 990)
    assert document["factors"]["signal"] == 1000 + (150 * 880 + 150 * 990) // 1000
    assert document["signals"]["indicator_only"] is True
    assert document["signals"]["scores"][0]["reasons"][0]["peer_value"] == 4.25
    assert "12.5 yuan a visit" in client.get(f"/cases/{world.case_id}?lang=en").text
    institution = client.get(f"/institutions/{world.code}?lang=zh").text
    assert "次均 12.5 元，同组 4.25 元" in institution
    assert world.here.lead_id in institution
    assert world.there.lead_id not in institution


def test_a_lead_shows_evidence_members_null_and_drawing_and_masks_persons(world: World, sign_in: SignIn) -> None:
    client = sign_in("inspector")
    page = client.get(f"/leads/{world.here.lead_id}").text
    twin = client.get(f"/leads/{world.here.lead_id}.json")
    for shown in ("三人登记同一号码。", "139****5678", "随机情形下预期", "0.02", "150", "共用联系信息", "可能的持卡人", mask(world.person)):
        assert shown in page, shown
    for text in (page, twin.text, client.get(f"/cases/{world.case_id}.json").text, client.get("/leads.json").text):
        assert world.person not in text
        assert "330106199001010011" not in text
    assert page.count("<circle") == 3
    assert page.count("<rect") == 1
    document = twin.json()
    assert {(each["one"], each["other"], each["kind"]) for each in document["relations"]} == {
        (1, 4, "visits"),
        (2, 4, "visits"),
        (3, 4, "visits"),
        (2, 3, "same_phone"),
    }
    assert document["members"][0] == {"number": 1, "subject": "person", "subject_id": mask(world.person), "role": "carrier"}
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style|<script(?! src=\"/static/)", page)


def test_the_list_filters_and_pages(world: World, sign_in: SignIn) -> None:
    client = sign_in("inspector")
    every = [row["lead_id"] for row in client.get("/leads.json").json()["leads"]]
    assert every == [world.there.lead_id, world.here.lead_id]
    for query, wanted in (
        ({"institution": world.code}, [world.here.lead_id]),
        ({"kind": "trace_codes"}, []),
        ({"month": "2026-08"}, every),
        ({"month": "2026-07"}, []),
        ({"after": f"990.{world.there.lead_id}"}, [world.here.lead_id]),
    ):
        assert [row["lead_id"] for row in client.get("/leads.json", params=query).json()["leads"]] == wanted, query
        assert all(found in client.get("/leads", params=query).text for found in wanted)
    assert client.get("/leads", params={"after": "x"}).status_code == 422


def test_scope_and_role_bound_leads_and_scores(world: World, sign_in: SignIn) -> None:
    """Catches a lead found by its address, a case page that leaks a lead of elsewhere, and scores shown to the institution itself."""
    client = sign_in("near")
    assert [row["lead_id"] for row in client.get("/leads.json").json()["leads"]] == [world.here.lead_id]
    assert client.get(f"/leads/{world.there.lead_id}").status_code == 404
    assert world.there.lead_id not in client.get(f"/cases/{world.case_id}").text
    sign_in("elsewhere")
    assert client.get("/leads.json").json()["leads"] == []
    assert client.get(f"/leads/{world.here.lead_id}").status_code == 404
    sign_in("hospital")
    for path in ("/leads", f"/leads/{world.here.lead_id}"):
        assert client.get(path).status_code == 403
    queue = client.get("/queue.json").json()["cases"]
    assert queue
    assert all(set(row["factors"]) == {"amount_fen", "confidence", "credit", "age", "priority"} for row in queue)
    case = client.get(f"/cases/{queue[0]['case_id']}.json")
    assert case.json()["signals"] is None
    assert "m.place" not in client.get(f"/cases/{queue[0]['case_id']}").text
    assert "/leads" not in client.get("/queue").text


def test_explored_rows_are_marked_in_page_and_twin(world: World, sign_in: SignIn) -> None:
    client = sign_in("inspector")
    rows = client.get("/queue.json").json()["cases"]
    marked = [row for row in rows if row["exploration"]]
    assert 0 < len(marked) < len(rows)
    assert all(row["priority"] >= row["factors"]["priority"] for row in rows)
    assert all(row["priority"] == row["factors"]["priority"] for row in rows if not row["exploration"])
    assert client.get("/queue").text.count('class="tag explored"') == len(marked)
    assert json.loads(client.get(f"/cases/{marked[0]['case_id']}.json").text)["exploration"] is True


def test_the_drawing_is_the_same_for_any_order_of_relations_and_bounded() -> None:
    """Catches a layout that depends on the order of rows, one that overlaps its nodes, and a crowd that is drawn whole."""
    members = [*(Member(Subject.PERSON, f"P{n}") for n in range(100)), Member(Subject.INSTITUTION, "H"), Member(Subject.PRACTITIONER, "D")]
    relations = [Relation(f"P{n}", each, "visits", 1.0 + n % 5) for n in range(90) for each in ("H", "D")]
    first, second = draw(members, relations), draw(members, relations[::-1])
    assert first is not None
    assert first == second
    assert len(first.nodes) == NODES
    assert first.left_out == 102 - NODES
    assert len({(node.x, node.y) for node in first.nodes}) == NODES
    assert all(0 < node.x < 460 and 0 < node.y < 400 for node in first.nodes)
    shown = {node.number for node in first.nodes}
    assert {101, 102} <= shown  # the best connected are drawn
    assert all({edge.one, edge.other} <= shown for edge in first.edges)
    assert draw(members, []) is None
    assert draw([Member(Subject.INSTITUTION, "A"), Member(Subject.INSTITUTION, "B")], [Relation("A", "B", "x", 0.0)]) is not None


def test_a_simulated_decision_is_marked(world: World, settings: Settings, sign_in: SignIn) -> None:
    from pipelines.panel import Truth, run_panel
    from xiezhi.ruleset.credit_scheme import load_scheme

    database = Database(settings.database)
    truth = Truth(frozenset(), frozenset(), frozenset(), frozenset())
    run_panel(SqlCaseStore(database), load_scheme(settings.rules_dir), truth, share=1, top=0, error=0, seed=1, at=AT)
    database.dispose()
    client = sign_in("inspector")
    page = client.get(f"/cases/{world.case_id}").text
    assert page.count("模拟</span>") >= 2
    assert "随机样本" in page
    document: dict[str, Any] = client.get(f"/cases/{world.case_id}.json").json()
    assert all(line["simulated"] for each in document["findings"] for line in each["lines"])
    assert {(each["simulated"], each["sample"]) for each in document["decisions"]} == {(True, "random")}

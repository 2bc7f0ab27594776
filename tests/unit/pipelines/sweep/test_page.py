"""The page of a sweep: complete in two languages, closed to hostile names, without person numbers, without any request, bounded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sweep.page import render_page, write_page
from pipelines.sweep.page_cards import SHOWN, SHOWN_PER_RULE, chosen
from pipelines.sweep.run import Outcome, Request
from xiezhi.domain.calendar import day_number, month_number, second_number
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.services.evidence_gate import Refused
from xiezhi.services.revisions import Changes
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts

QUANTITY, SPLIT, SALE, STOCK, ELSEWHERE = "GZ10000102014000", "GZ10000204001000", "XZ-TR-001", "GZ10000202001000", "XZ-ST-001"
PERSON, HOSPITAL, PHARMACY, ON = "99010001002260755952", "H99010100110", "P99010100001", date(2026, 3, 10)
HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/a>"
VOID = {"meta", "input", "br", "img", "link", "hr", "path"}


class Tree(HTMLParser):
    """Checks nesting, gathers ids, links and attributes, and text with the languages it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str]]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.spans: list[tuple[str, str]] = []
        self.texts: list[tuple[str, list[dict[str, str]]]] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in known.items()]
        self.ids += [known["id"]] if "id" in known else []
        self.targets += [known["href"][1:]] if known.get("href", "").startswith("#") else []
        if known.get("class") in ("zh", "en"):
            self.spans.append((known["class"], ""))
        if tag not in VOID:
            self.open.append((tag, known))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        around = [known for tag, known in self.open]
        if data.strip() and not any(tag in ("style", "title") for tag, _ in self.open):
            self.texts.append((data, around))
            if around and around[-1].get("class") in ("zh", "en") and self.spans:
                kind, text = self.spans[-1]
                self.spans[-1] = (kind, text + data)


@pytest.fixture(scope="module")
def base() -> RuleBase:
    return load_rules(find_rules_dir())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The tables of facts, with the columns that the store makes, empty."""
    made = open_facts(DeltaStore.of_home(tmp_path_factory.mktemp("page")), threads=1)
    made.execute("CREATE OR REPLACE TEMP TABLE raw_medins_d AS SELECT * FROM raw_medins_d")
    return made


@pytest.fixture
def con(opened: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables; what a test puts into them is taken back after it."""
    opened.execute("BEGIN TRANSACTION")
    yield opened
    opened.execute("ROLLBACK")


def put(con: duckdb.DuckDBPyConnection, table: str, *rows: dict[str, Any]) -> None:
    con.register("given", pa.Table.from_pylist(list(rows)))
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
    con.unregister("given")


def line(line_id: str, **given: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 10, 9)
    row = {
        "institution": HOSPITAL, "id": line_id, "person": PERSON, "encounter": "E1", "time": second_number(at), "date": day_number(at),
        "month": month_number(at), "item": "001203000020000", "name": "Oxygen", "quantity": 2_000_000, "price": 10_000_000, "amount": 2_000,
        "billed_quantity": 2_000_000, "billed_amount": 2_000, "live": True, "kind": "inpatient", "level": 3, "region": "990101",
    }  # fmt: skip
    return row | given


def encounter(encounter_id: str, begin: date, end: date, **given: Any) -> dict[str, Any]:
    row = {
        "id": encounter_id, "person": PERSON, "institution": HOSPITAL, "kind": "inpatient", "sex": "2",
        "birth_date": day_number(date(1957, 11, 22)),
        "begin_date": day_number(begin), "end_date": day_number(end), "main_diagnosis": "I10.x00", "insurance": "390", "level": 3,
        "live": True, "settled": True, "fund": 120_000, "total": 200_000, "moved": False,
    }  # fmt: skip
    return row | given


def finding(rule_id: str = QUANTITY, number: int = 1, **given: Any) -> Finding:
    made = Finding(
        finding_id=f"{number:032x}", revision=1, rule_id=rule_id, rule_version=1,
        rule_hash="0", class_no=27, verdict="definite", stage="post",
        person_id=PERSON, institution_code=HOSPITAL, practitioner_code=None, encounter_id="E1", settlement_id=None, line_ids=("L1",),
        related_line_ids=(), service_date=ON, quantity=30_000_000, limit_value=24_000_000, amount_fen=1_500, fund_amount_fen=900,
        line_amounts=(1_500,), message_zh="一日合计30", message_en="30 on one day", law_refs=("医疗保障基金使用监督管理条例 38(3)",),
        knowledge_ids=(), item_code="001203000020000", subject=(PERSON, HOSPITAL), counted_amount_fen=1_200,
    )  # fmt: skip
    return replace(made, **given)


Make = Callable[..., str]


@pytest.fixture
def page(con: duckdb.DuckDBPyConnection, base: RuleBase, tmp_path: Path) -> Make:
    """Renders a page of findings over the facts in `con`."""

    def render(
        *findings: Finding, unknown: dict[tuple[str, str], int] | None = None, refused: tuple[Refused, ...] = (), **request: Any
    ) -> str:
        lines, persons = con.execute("SELECT COUNT(*), COUNT(DISTINCT person) FROM lines").fetchall()[0]
        outcome = Outcome(
            request=Request(tmp_path, base.folder, **request), run_id="20260401T080000-0", rules=base, open=findings,
            changes=Changes(findings, (), (), (), 0), refused=refused, unknown=Counter(unknown or {}), lines=lines, persons=persons,
            data_version="fee_list_d@3 mdtrt_d@1", knowledge_version="kkkk", con=con, seconds={"facts": 1.25, "rules": 0.5},
        )  # fmt: skip
        return render_page(outcome, tmp_path)

    return render


@pytest.fixture
def full(con: duckdb.DuckDBPyConnection, page: Make) -> str:
    """A page with every kind of evidence."""
    put(
        con,
        "lines",
        line("L1"),
        line("L2", quantity=1_000_000, amount=1_000),
        line("L3", kind="pharmacy", institution=PHARMACY, encounter="E3"),
    )
    put(con, "encounters", encounter("E0", date(2026, 2, 20), date(2026, 2, 27)), encounter("E1", date(2026, 3, 5), date(2026, 3, 20)))
    put(con, "encounters", encounter("E3", ON, ON, kind="pharmacy", institution=PHARMACY))
    sold = {"trace": "TRACE-1", "institution": PHARMACY, "item": "XA01", "quantity": 1_000_000, "amount": 1_000, "person": PERSON}
    put(con, "sales", sold | {"id": "S1", "time": 1, "date": 0}, sold | {"id": "S2", "time": 90_000, "date": 1})
    put(
        con,
        "stock",
        {"institution": HOSPITAL, "item": "XB02", "month": month_number(ON), "billed": 9_000_000, "shortfall": 4_000_000, "value": 7_700},
    )
    return page(
        finding(related_line_ids=("L2",)),
        finding(
            SPLIT,
            2,
            verdict="suspicious",
            line_ids=(),
            line_amounts=(),
            quantity=6_000_000,
            limit_value=15_000_000,
            service_date=date(2026, 3, 5),
        ),
        finding(
            SALE,
            3,
            verdict="suspicious",
            line_ids=(),
            line_amounts=(),
            subject=(PHARMACY, "S2"),
            institution_code=PHARMACY,
            encounter_id=None,
        ),
        finding(STOCK, 4, verdict="suspicious", line_ids=(), line_amounts=(), item_code="XB02", person_id=None, encounter_id=None),
        finding(ELSEWHERE, 5, verdict="suspicious", line_ids=("L3",), institution_code=PHARMACY, encounter_id="E3"),
        unknown={(QUANTITY, "line.price_limit"): 7, ("XZ-PR-001", "practitioner.qualified"): 3, (QUANTITY, "used"): 2},
        refused=(Refused(finding(number=9), f"person_id: '{PERSON}' but None, amount_fen: 1 but 2"),),
    )


def card(html: str, number: int) -> str:
    found = re.search(rf'<article class="card finding" id="f-{number:032x}".*?</article>', html, re.DOTALL)
    assert found
    return found.group()


def test_the_page_is_well_formed_and_its_anchors_lead_somewhere(full: str) -> None:
    tree = Tree(full)
    assert full.startswith("<!DOCTYPE html>")
    assert [name for name, count in Counter(tree.ids).items() if count > 1] == []
    assert set(tree.targets) <= set(tree.ids)
    assert {"rules", "institutions", "months", "findings", "quality", "repeat"} <= set(tree.targets)
    labelled = [value for _, name, value in tree.attributes if name in ("for", "aria-labelledby")]
    assert set(labelled) <= set(tree.ids)


def test_the_page_asks_for_nothing(full: str) -> None:
    for tag, name, value in Tree(full).attributes:
        assert name not in ("src", "srcset", "action", "poster", "data", "background"), (tag, name, value)
        assert not name.startswith("on"), (tag, name)
        assert name != "href" or value.startswith("#")
    assert "<script" not in full
    assert not re.search(r"url\(|@import|https?://", full)


def test_hostile_names_stay_text(con: duckdb.DuckDBPyConnection, page: Make) -> None:
    put(con, "lines", line("L1", name=HOSTILE, item="{{ 7*7 }}", doctor=HOSTILE), line("L<b>2", name="\x00\x1b[31m\u0085" + "长" * 5_000))
    put(con, "encounters", encounter("E1", ON, ON, main_diagnosis="<i>", insurance="<u>"))
    put(con, "raw_medins_d", {"fixmedins_code": HOSPITAL, "fixmedins_name": HOSTILE})
    html = page(finding(related_line_ids=("L<b>2",), message_zh=HOSTILE, message_en=HOSTILE, practitioner_code="<s>"))
    tree = Tree(html)
    for raw in ("<script", "<img", "L<b>2", "<i>", "<s>", "<u>"):
        assert raw not in html
    assert not [name for _, name, _ in tree.attributes if name in ("src", "onerror")]
    assert html.count("&lt;script&gt;alert(") >= 4
    assert "{{ 7*7 }}" in html
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    assert "长" * 80 not in html


CHINESE = re.compile(r"[\u3400-\u9fff]")


def test_everything_is_said_in_both_languages(full: str) -> None:
    tree = Tree(full)
    spans = tree.spans
    assert len(spans) > 200
    assert all(text.strip() for _, text in spans)
    pairs = [(one, other) for one, other in pairwise(spans) if one[0] == "zh" and other[0] == "en"]
    alone = [span for span in spans if span[0] == "zh"]
    assert len(pairs) >= len(alone) - 4, "Chinese field names of the catalogue stand beside their code"
    english = [
        text for text, around in tree.texts
        if not any(known.get("class") == "zh" or known.get("lang") == "zh-CN" for known in around[1:])
    ]  # fmt: skip
    assert [text for text in english if CHINESE.search(text)] == ["獬豸 Xiezhi"]
    shown_in_chinese = [text for text, around in tree.texts if not any(known.get("class") == "en" for known in around)]
    assert len([text for text in shown_in_chinese if CHINESE.search(text)]) > 150


def test_person_numbers_are_masked(full: str) -> None:
    assert PERSON not in full
    assert PERSON[2:-2] not in full
    assert "99****************52" in full


def test_the_refused_are_counted_without_their_values(full: str) -> None:
    assert "person_id, amount_fen" in full


def test_a_run_without_findings_says_so(page: Make) -> None:
    html = page()
    Tree(html)
    assert "没有疑点" in html
    assert "No findings" in html
    assert "Nothing stayed undecided" in html
    assert re.search(r"Refused by the evidence gate</span></dt><dd>0</dd>", html)
    assert "article" not in html


def test_the_notice_is_neutral(full: str) -> None:
    assert "疑点不是违规结论，须经人工核实" in full
    assert full.count("违规") == full.count("疑点不是违规结论") + full.count("违反")


def test_lines_offend_or_relate_and_refunds_are_told(con: duckdb.DuckDBPyConnection, page: Make) -> None:
    put(con, "lines", line("L1", billed_quantity=5_000_000, billed_amount=5_000), line("L2"))
    html = card(page(finding(related_line_ids=("L2",))), 1)
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    first, second = (next(row for row in rows if f">{name}<" in row) for name in ("L1", "L2"))
    assert 'class="offends"' in first
    assert "涉疑" in first
    assert "15.00" in first
    assert "原 5，已退 3" in first
    assert "billed 5, refunded 3" in first
    assert 'class="offends"' not in second
    assert "关联" in second
    assert "已退" not in second


def test_of_many_lines_those_with_the_most_money_are_listed(con: duckdb.DuckDBPyConnection, page: Make) -> None:
    ids = tuple(f"L{n:02}" for n in range(40))
    put(con, "lines", *(line(name) for name in ids))
    html = card(page(finding(line_ids=ids, line_amounts=tuple(range(1, 41)))), 1)
    assert re.findall(r">(L\d\d)<", html) == list(ids[24:])
    assert "另有 24 行未列出" in html


def test_the_amount_is_worked_out(full: str) -> None:
    html = card(full, 1)
    for name, value in (("Counted up", "30"), ("Limit", "24"), ("Excess", "6"), ("Share at stake", "75.0%"), ("At stake (yuan)", "15.00")):
        assert re.search(rf">{re.escape(name)}</span></dt><dd class=\"strong\">{re.escape(value)}</dd>", html), name
    assert "used &gt; point.max_quantity" in html
    assert "《医疗保障基金使用监督管理条例》38(3)：重复收费" in html
    assert f"xiezhi rules explain {1:032x}" in html


def test_findings_without_lines_show_what_they_are_about(full: str) -> None:
    stays, sales, stock, elsewhere = (card(full, number) for number in (2, 3, 4, 5))
    assert "2026-02-20" in stays
    assert ">E0<" in stays
    assert stays.count('class="offends"') == 1
    assert "TRACE-1" in sales
    assert ">S1<" in sales
    assert sales.count('class="offends"') == 1
    assert "本月新增账面短缺" in stock
    assert "77.00" in stock
    assert ">E1<" in elsewhere, "the stay during which care elsewhere was charged"


def test_knowledge_points_are_quoted(con: duckdb.DuckDBPyConnection, page: Make, base: RuleBase, tmp_path: Path) -> None:
    from xiezhi.storage.knowledge import KnowledgeBase

    put(con, "lines", line("L1"))
    point = next(point for point in KnowledgeBase(tmp_path, base.folder).points() if point.coded)
    html = card(page(finding(knowledge_ids=(point.kp_id, "KP-gone"))), 1)
    assert point.kp_id in html
    assert point.item_name in html
    assert "另引用 1 个知识点" in html


def test_months_outside_the_run_are_left_out(con: duckdb.DuckDBPyConnection, page: Make) -> None:
    put(con, "lines", line("L1"), line("L9", month=month_number(date(2026, 1, 1))))
    html = page(finding(), from_month=month_number(ON), to_month=month_number(ON), rules=(QUANTITY,))
    assert '<th scope="row" class="nowrap">2026-03</th>' in html
    assert "2026-01" not in html
    assert f"xiezhi sweep --from 2026-03 --to 2026-03 --rule {QUANTITY}" in html


def test_unknowns_are_data_quality_by_rule_and_field(full: str) -> None:
    quality = full[full.index('id="quality"') :]
    assert "最高限价" in quality or "限价" in quality or "line.price_limit" in quality
    for name, count in (("line.price_limit", 7), ("practitioner.qualified", 3), ("used", 2)):
        assert re.search(rf"<code>{re.escape(name)}</code></td><td class=\"num\">{count}</td>", quality)
    assert "Undecided, data missing</span></dt><dd>12</dd>" in full


def test_the_size_is_bounded(con: duckdb.DuckDBPyConnection, page: Make, base: RuleBase) -> None:
    ids = tuple(f"L{n:03}" for n in range(200))
    put(con, "lines", *(line(name, name="Item " * 60) for name in ids))
    put(con, "encounters", *(encounter(f"E{n}", ON, ON) for n in range(300)))
    rules = sorted(base.rules)
    findings = [
        finding(rules[n % len(rules)], n, line_ids=ids, related_line_ids=ids[:100], line_amounts=(1,) * len(ids), subject=("a", "b"),
                message_zh="长" * 3_000, message_en="long " * 900)
        for n in range(2_000)
    ]  # fmt: skip
    html = page(*findings, unknown={(rule, f"line.field_{n}"): n + 1 for rule in rules for n in range(40)})
    assert len(html.encode()) < 2_000_000
    assert html.count("<article") == SHOWN


def test_the_same_run_gives_the_same_file(con: duckdb.DuckDBPyConnection, page: Make, tmp_path: Path, base: RuleBase) -> None:
    put(con, "lines", line("L1"))
    assert page(finding(), finding(number=2)) == page(finding(number=2), finding())
    outcome = Outcome(Request(tmp_path, base.folder), "r", base, (), Changes((), (), (), (), 0), (), Counter(), 0, 0, "", "", con)
    write_page(tmp_path / "a" / "b.html", outcome, tmp_path)
    assert "没有疑点" in (tmp_path / "a" / "b.html").read_text("utf-8")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=300))
def test_chosen_findings_show_many_rules_and_the_most_money(given_: list[tuple[int, int]]) -> None:
    findings = [finding(f"R{rule:02}", n, counted_amount_fen=money) for n, (rule, money) in enumerate(given_)]
    shown = chosen(findings)
    of_rule = Counter(f.rule_id for f in shown)
    rules = {f.rule_id for f in findings}
    assert len(shown) <= SHOWN
    assert max(of_rule.values(), default=0) <= SHOWN_PER_RULE
    assert len(of_rule) == min(len(rules), SHOWN)
    assert shown == sorted(shown, key=lambda f: (-f.counted_amount_fen, -f.amount_fen, f.finding_id))
    room = SHOWN - len(shown)
    left = Counter(f.rule_id for f in findings) - of_rule
    assert not room or all(of_rule[rule] == SHOWN_PER_RULE for rule in left), "room is left only where every rule has its share"
    for rule, best in {f.rule_id: f.counted_amount_fen for f in sorted(findings, key=lambda f: f.counted_amount_fen)}.items():
        assert rule not in of_rule or best in {f.counted_amount_fen for f in shown if f.rule_id == rule}

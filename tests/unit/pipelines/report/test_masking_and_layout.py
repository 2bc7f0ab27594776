"""Person numbers inside the sentences of leads, and sheets that fit the paper."""

from __future__ import annotations

from datetime import date

import pytest

from models.graph.leads import KINDS
from pipelines.report.cells import Column, Kind, width
from pipelines.report.content import Filled
from pipelines.report.layout import BUDGET, height, lines, widths
from pipelines.report.masking import masked_lead
from supervision_ui.words import WORDS, word
from xiezhi.domain.signal import Lead, Member, Relation, Subject
from xiezhi.domain.words import CASE_STATES, LEAD_KINDS

MEMBER, LONGER, OTHER = "P000001", "P0000012", "99010003110460395X"


def lead(said: str) -> Lead:
    return Lead(
        "L1",
        "carriers",
        "2026-03",
        700,
        said,
        said,
        (Member(Subject.PERSON, MEMBER), Member(Subject.PERSON, LONGER), Member(Subject.INSTITUTION, "H990100001")),
        ("H990100001",),
        date(2026, 3, 1),
        date(2026, 3, 2),
        (("phone", said, 2),),
        {},
        (said,),
        (said,),
        (Relation(MEMBER, LONGER, "same_phone", 1.0),),
    )


def test_no_person_number_is_left_in_any_text_of_a_lead() -> None:
    """Catches a text that is forgotten, a number that begins like another, and somebody who is no member."""
    shown = masked_lead(lead(f"{MEMBER}、{LONGER}与{OTHER}在H990100001，码81234567890123456789"))
    text = repr(shown)
    assert not any(number in text for number in (MEMBER, LONGER, OTHER))
    assert shown.title_zh == "P0***01、P0****12与99**************5X在H990100001，码81234567890123456789"
    assert shown.institutions == ("H990100001",)
    assert masked_lead(shown) == shown


def test_kinds_and_states_have_the_same_words_on_pages_and_in_reports() -> None:
    """Catches a kind of the graph without a name, and an English word of the pages that differs."""
    assert set(KINDS) == set(LEAD_KINDS)
    for name, pairs in (("lead", LEAD_KINDS), ("state", CASE_STATES)):
        assert set(WORDS[name]) == set(pairs)
        assert {code: (word(name, code, "zh"), word(name, code, "en")) for code in pairs} == dict(pairs)


def test_only_what_has_no_gap_is_complete() -> None:
    """Catches rounding to the nearest."""
    assert Filled(1_999_999, 2_000_000).permille == 999
    assert Filled(2_000_000, 2_000_000).permille == 1000


@pytest.mark.parametrize("texts", [1, 3, 5])
def test_texts_give_way_and_codes_and_money_never(texts: int) -> None:
    """Catches columns wider than the paper, and codes or money that are cut."""
    columns = [
        Column("编码", fixed=True),
        Column("金额（元）", Kind.MONEY),
        *(Column(f"说明{at}", most=90) for at in range(texts)),
    ]
    row = ["H99010200102", 123_456_789_00, *("很长的说明" * 30 for _ in range(texts))]
    wide = widths(columns, [row])
    assert sum(wide) <= BUDGET
    assert wide[0] > width("H99010200102")
    assert wide[1] > len("123,456,789.00")
    assert height(columns, row, wide) > height(columns, ["H", 1, *("短" for _ in range(texts))], wide)
    assert lines("很长的说明" * 30, wide[2]) >= 300 // wide[2]

"""Ratings as a pure function of events: order, replacement, window, veto, bounds; and the scheme file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.credit import CreditEvent, rate
from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.ruleset.credit_scheme import load_scheme
from xiezhi.settings import find_rules_dir

SCHEME = load_scheme(find_rules_dir())
TODAY = date(2026, 6, 1)
EVENTS = st.lists(
    st.builds(
        CreditEvent,
        st.just("institution"),
        st.just("H"),
        st.sampled_from(["C1", "C2", "C3"]),
        st.sampled_from(["f", "g"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["confirmed", "refuted", "inconclusive", "reversed"]),
        st.sampled_from(["definite", "suspicious", "indicator"]),
        st.sampled_from(["as_found", ""]),
        st.integers(0, 9_000_000),
        st.dates(date(2025, 1, 1), date(2026, 6, 1)),
    ),
    max_size=25,
).map(lambda events: [replace(event, seq=number) for number, event in enumerate(events)])


def event(kind: str = "confirmed", seq: int = 1, **more: object) -> CreditEvent:
    return replace(CreditEvent("institution", "H", "C1", "f", "1", kind, "definite", "as_found", 50_000, TODAY, seq), **more)  # type: ignore[arg-type]


@given(EVENTS, st.randoms())
def test_order_of_reading_does_not_matter_and_the_score_stays_in_bounds(events: list[CreditEvent], random: object) -> None:
    mixed = list(events)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    rating = rate("institution", "H", events, SCHEME, TODAY)
    assert rate("institution", "H", mixed, SCHEME, TODAY) == rating
    assert 0 <= rating.score <= SCHEME.full == 1000
    assert rating.score == SCHEME.full + sum(reason.points for reason in rating.reasons)
    assert all(-SCHEME.dimensions[reason.dimension] <= reason.points <= 0 for reason in rating.reasons)


@given(EVENTS, st.integers(0, 9_000_000))
def test_confirming_more_never_raises_and_refuting_never_lowers(events: list[CreditEvent], amount: int) -> None:
    before = rate("institution", "H", events, SCHEME, TODAY).score
    more = event(seq=99, case_id="C9", amount_fen=amount)
    assert rate("institution", "H", [*events, more], SCHEME, TODAY).score <= before
    assert rate("institution", "H", [*events, replace(more, kind="refuted")], SCHEME, TODAY).score >= before


def test_the_newest_decision_about_a_line_counts() -> None:
    assert rate("institution", "H", [event()], SCHEME, TODAY).score == 1000 - 5 - 5
    assert rate("institution", "H", [event(), event("refuted", 2)], SCHEME, TODAY).score == 1000
    assert rate("institution", "H", [event(), event("reversed", 2)], SCHEME, TODAY).score == 1000
    assert rate("institution", "H", [event("refuted"), event("confirmed", 2)], SCHEME, TODAY).score == 990


def test_window_veto_and_grades() -> None:
    assert rate("institution", "H", [event(on=date(2025, 6, 1))], SCHEME, TODAY).score == 1000
    assert rate("institution", "H", [event(on=date(2025, 6, 2))], SCHEME, TODAY).score == 990
    fraud = rate("institution", "H", [event(reason="fraud")], SCHEME, TODAY)
    assert (fraud.grade, fraud.veto, fraud.queue) == ("D", True, 1600)
    many = [event(seq=n, case_id=f"C{n}", amount_fen=10**7) for n in range(9)]
    assert [rate("institution", "H", many[:n], SCHEME, TODAY).grade for n in (0, 1, 2, 4, 5, 9)] == ["A", "A", "B", "B", "C", "C"]


def test_a_wrong_scheme_is_told_whole(tmp_path: Path) -> None:
    good = (find_rules_dir() / "credit" / "default.yaml").read_text("utf-8")
    (tmp_path / "credit").mkdir()

    def loaded(text: str) -> str:
        (tmp_path / "credit" / "x.yaml").write_text(text, "utf-8")
        with pytest.raises(XiezhiError) as told:
            load_scheme(tmp_path, "x")
        return str(told.value)

    told = loaded(
        good.replace("dimension: agreement", "dimension: agrement")
        .replace("[fraud]", "[fraud, rule_wrong]")
        .replace("least: 750", "least: 950")
    )
    assert all(word in told for word in ("agrement", "rule_wrong", "grades with least scores", "x.yaml"))
    assert "window_days" in loaded(good.replace("window_days: 365", "window_days: soon"))
    assert "surprise" in loaded(good + "surprise: 1\n")
    assert "not YAML" in loaded("a: [")
    with pytest.raises(UsageError, match="no credit scheme y"):
        load_scheme(tmp_path, "y")

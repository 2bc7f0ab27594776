"""Arithmetic and texts of the monthly report: exact money, harmless cells, Wilson intervals, the order of advice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.report.cells import exact_yuan, harmless, width
from pipelines.report.measures import Advice, Measured, signal_factor
from xiezhi.domain.interval import wilson


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(1)", "＝1"])
def test_no_text_begins_like_a_formula(text: str) -> None:
    """Catches a list of signs that forgets one, and one that looks at the first character only."""
    assert harmless(text).startswith("'")


def test_ordinary_text_stays_as_it_is() -> None:
    assert harmless("阿莫西林胶囊 0.25g*24") == "阿莫西林胶囊 0.25g*24"
    assert harmless("—") == "—"


def test_what_xml_forbids_becomes_a_space() -> None:
    assert harmless("a\x00b\ud800c\ufffed") == "a b c d"


@pytest.mark.parametrize("fen", [0, 1, 10, 1005, 2995, -7, 922_337_203_685_477])
def test_money_is_exact_to_the_fen(fen: int) -> None:
    """Catches a division by 100 in binary."""
    assert exact_yuan(fen) * 100 == Decimal(fen)
    assert "E" not in str(exact_yuan(fen))


def test_chinese_takes_two_columns() -> None:
    assert width("机构\nabcdef") == 6


def test_wilson_is_the_root_of_its_equation() -> None:
    """At each bound p the distance from the share equals z standard errors of p: catches a normal-approximation interval."""
    for hits, trials in ((1, 3), (8, 10), (99, 100)):
        for p in wilson(hits, trials):
            assert (hits / trials - p) ** 2 == pytest.approx(1.959963984540054**2 * p * (1 - p) / trials)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_finding_is_counted_once_however_many_lines_it_has() -> None:
    measured = (
        Measured().plus(["refuted", "confirmed", "confirmed"], False).plus(["refuted", "refuted"], True).plus(["inconclusive"], False)
    )
    assert (measured.confirmed, measured.refuted, measured.inconclusive, measured.simulated) == (1, 1, 1, 1)
    assert measured.precision == 0.5


def test_missing_signals_are_neutral_and_a_low_rank_takes_nothing_away() -> None:
    assert signal_factor(None, None) == signal_factor(0, None) == 1000
    assert Advice(10_000, 2000, 1300).weight == 52_000

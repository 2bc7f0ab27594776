"""Every fee line's money is counted at most once, in the order of verdict, amount, id."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.counting import Claimed, count_once

LINES = [("H1", str(number)) for number in range(6)]
claims = st.lists(
    st.tuples(
        st.sampled_from(["definite", "suspicious", "indicator"]),
        st.lists(st.tuples(st.sampled_from(LINES), st.integers(0, 500)), max_size=4),
    ),
    max_size=8,
)
nets = st.fixed_dictionaries({line: st.integers(0, 600) for line in LINES[:5]})


def build(raw: list[tuple[str, list[tuple[tuple[str, str], int]]]]) -> list[Claimed]:
    return [Claimed(f"f{index}", verdict, sum(part for _, part in parts), parts) for index, (verdict, parts) in enumerate(raw)]


@given(claims, nets)
def test_no_line_gives_more_than_it_has(raw: list[tuple[str, list[tuple[tuple[str, str], int]]]], net: dict[tuple[str, str], int]) -> None:
    entries = build(raw)
    counted = count_once(entries, net)
    assert sum(counted.values()) <= sum(net.values())
    assert all(0 <= counted[entry.finding_id] <= entry.amount_fen for entry in entries)


@given(claims, nets, st.randoms())
def test_the_order_of_findings_does_not_matter(
    raw: list[tuple[str, list[tuple[tuple[str, str], int]]]], net: dict[tuple[str, str], int], random: object
) -> None:
    entries = build(raw)
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert count_once(entries, net) == count_once(shuffled, net)


def test_a_definite_finding_goes_before_a_larger_suspicious_one() -> None:
    line = ("H1", "1")
    counted = count_once([Claimed("s", "suspicious", 100, [(line, 100)]), Claimed("d", "definite", 30, [(line, 30)])], {line: 100})
    assert counted == {"s": 70, "d": 30}


def test_an_unknown_line_gives_nothing() -> None:
    assert count_once([Claimed("a", "definite", 10, [(("H9", "x"), 10)])], {}) == {"a": 0}

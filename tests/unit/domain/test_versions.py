from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.versions import newest, newest_of_person, newest_set, resolve_persons

T1, T2 = datetime(2026, 5, 1), datetime(2026, 5, 2)


def version(hash_: str, at: datetime | None = None, known: int = 3, person: str = "1", key: str = "a") -> dict[str, Any]:
    return {"key": key, "psn_no": person, "updt_time": at, "known_fields": known, "content_hash": hash_}


def chosen(*rows: dict[str, Any]) -> str:
    return str(newest(rows, lambda r: r["key"])["a"]["content_hash"])


def test_later_wins_then_more_fields_then_the_greater_hash() -> None:
    assert chosen(version("a", T2), version("b", T1, 9)) == "a"
    assert chosen(version("a", T1, 4), version("b", T1, 3)) == "a"
    assert chosen(version("a", T1), version("b", T1)) == "b"


def test_a_missing_time_is_older_than_any() -> None:
    assert chosen(version("z", None, 9), version("a", datetime(1900, 1, 1), 1)) == "a"


ROWS = st.lists(
    st.builds(
        version,
        st.sampled_from("abcdef"),
        st.sampled_from((None, T1, T2)),
        st.integers(1, 3),
        st.sampled_from("123"),
        st.sampled_from("ab"),
    ),
    max_size=8,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_arrival_order_never_matters(rows: list[dict[str, Any]], rng: Any) -> None:
    # One content, one hash: rows that differ only in the person would share a hash here.
    rows = [row | {"content_hash": row["content_hash"] + row["psn_no"]} for row in rows]
    shuffled = rows[:]
    rng.shuffle(shuffled)
    assert newest(rows, lambda r: r["key"]) == newest(shuffled, lambda r: r["key"])
    first = newest_of_person(rows, lambda r: r["key"], lambda p: p)
    assert first == newest_of_person(shuffled, lambda r: r["key"], lambda p: p)


def test_a_correction_to_another_person_is_refused_and_said() -> None:
    rows = [version("a", T1, person="1"), version("b", T2, person="2")]
    row, refused = newest_of_person(rows, lambda r: r["key"], lambda p: p)["a"]
    assert (row["content_hash"], refused) == ("a", True)
    row, refused = newest_of_person(rows, lambda r: r["key"], {"1": "2", "2": "2"}.__getitem__)["a"]
    assert (row["content_hash"], refused) == ("b", False)


def test_the_newest_set_replaces_the_older() -> None:
    rows = [version("a", None), version("b", T1), version("c", T2), version("d", T2)]
    assert [row["content_hash"] for row in newest_set(rows)] == ["c", "d"]
    assert newest_set(rows[:1]) == rows[:1]
    assert newest_set([]) == []


@given(st.dictionaries(st.sampled_from("123456"), st.sampled_from("123456"), max_size=6))
def test_resolved_persons_need_one_step_and_agree(step: dict[str, str]) -> None:
    rows = [{"old_psn_no": old, "psn_no": new, "known_fields": 2, "content_hash": old + new} for old, new in step.items()]
    resolved = resolve_persons(rows)
    for old, new in step.items():
        end = resolved.get(old, old)
        assert end not in resolved
        assert resolved.get(new, new) == end


def test_a_cycle_ends_at_its_smallest_number() -> None:
    rows = [{"old_psn_no": a, "psn_no": b, "known_fields": 2, "content_hash": a} for a, b in ("32", "23", "43")]
    assert resolve_persons(rows) == {"3": "2", "4": "2"}

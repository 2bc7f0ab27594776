"""A claim laid over kept parts of a life gives the facts of the whole life with the claim, whatever the rows are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xiezhi.domain import netting_parts
from xiezhi.domain.netting import Lookups, RawPerson, person_facts
from xiezhi.domain.netting_parts import Parts
from xiezhi.services.screen_claim import _laid_over

Store = Callable[..., Any]


def message(random: Random, raw: RawPerson, strangers: list[RawPerson]) -> RawPerson:
    """Rows as a claim may bring them: stored ones again or corrected, new ones, refunds of anything, somebody else's, reversals, deaths."""
    known = [*raw.lines, *(row for other in strangers for row in other.lines)]
    numbers = [row["bkkp_sn"] for row in known] or ["L"]
    visits = [row["mdtrt_id"] for row in (*raw.encounters, *known)] or ["M"]
    bills = [row["setl_id"] for row in raw.settlements] or ["S"]
    meta = {"updt_time": None, "known_fields": 0, "content_hash": "", "psn_no": raw.person}
    lines = []
    for index in range(random.randrange(4)):
        base = dict(random.choice(known)) if known else {}
        if not base:
            break
        change: dict[str, Any] = {"bkkp_sn": random.choice((base["bkkp_sn"], base["bkkp_sn"], f"NEW{index}"))}
        if random.random() < 0.4:
            change |= {"mdtrt_id": random.choice((*visits, "NEWVISIT"))}
        if random.random() < 0.3:
            change |= {"cnt": Decimal(-1), "det_item_fee_sumamt": Decimal(-2), "init_feedetl_sn": random.choice((*numbers, "NOBODYS"))}
        if random.random() < 0.3:
            change |= {"setl_id": random.choice((*bills, None, "NEWBILL"))}
        lines.append({**base, **meta, **change})
    encounters = []
    if raw.encounters and random.random() < 0.7:
        base = dict(random.choice(raw.encounters))
        change = {"mdtrt_id": random.choice((base["mdtrt_id"], "NEWVISIT"))}
        if random.random() < 0.3:
            change |= {"die_date": (datetime(2026, 1, 1) + timedelta(days=random.randrange(200))).date()}
        encounters.append({**base, **meta, **change})
    settlements = []
    if raw.settlements and random.random() < 0.5:
        base = dict(random.choice(raw.settlements))
        number = random.choice((base["setl_id"], "NEWBILL"))
        settlements.append({**base, **meta, "setl_id": number, "init_setl_id": random.choice((None, *bills)), "refd_setl_flag": "0"})
    diagnoses = [{**meta, "mdtrt_id": random.choice(visits), "diag_code": "I10.x00", "maindiag_flag": "1"}] if random.random() < 0.5 else []
    return RawPerson(raw.person, lines, encounters, settlements, diagnoses)


def compared(store: Any, random: Random, claims: int) -> tuple[int, int]:
    """Claims compared, and how many of them left some part untouched; raises where the facts differ."""
    persons, lookups = store.persons(), store.lookups()
    number = spared = 0
    for raw in persons:
        parts = Parts(raw, lookups)
        assert parts.facts == person_facts(raw, lookups)
        for _ in range(claims):
            sent = message(random, raw, random.sample(persons, min(2, len(persons))))
            assert parts.with_rows(sent, _laid_over, lookups) == person_facts(_laid_over(raw, sent), lookups)
            number += 1
            spared += len(parts._parts) > 1
    return number, spared


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 32))
def test_parts_give_the_facts_of_everything(messy_store: Store, seed: int) -> None:
    compared(messy_store(seed, 8), Random(seed), 6)


def compared_until_wrong(messy_store: Store) -> None:
    for seed in range(20):
        compared(messy_store(seed, 10), Random(seed), 8)


def test_most_lives_have_several_parts(messy_store: Store) -> None:
    number, spared = compared(messy_store(5, 40), Random(5), 4)
    assert spared > number / 3


@pytest.mark.parametrize("forgotten", ["line", "settlement", "encounter"])
def test_a_forgotten_key_would_be_noticed(messy_store: Store, monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    told = netting_parts.keys_of

    def fewer(raw: RawPerson) -> Any:
        for table, row, keys in told(raw):
            yield table, row, [key for key in keys if key[0] != forgotten] or keys[:1]

    monkeypatch.setattr(netting_parts, "keys_of", fewer)
    with pytest.raises((AssertionError, KeyError)):
        compared_until_wrong(messy_store)


def test_a_death_elsewhere_would_be_noticed(messy_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netting_parts, "death_of", lambda raw, lookups: None)
    with pytest.raises(AssertionError):
        compared_until_wrong(messy_store)


def test_an_empty_life(messy_store: Store) -> None:
    assert Parts(RawPerson("1"), Lookups()).with_rows(RawPerson("1"), _laid_over, Lookups()) == person_facts(RawPerson("1"), Lookups())

"""The facts of SQL are the facts of Python, field by field, on random messy stores; and a wrong one is noticed."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, fields
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xiezhi.domain import netting, versions
from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, PersonFacts, Sale, Stock
from xiezhi.domain.indicators import institution_months
from xiezhi.domain.sales import sales
from xiezhi.domain.stock import RawStock, stock
from xiezhi.domain.versions import newest
from xiezhi.ruleset import facts_sql
from xiezhi.storage import duckdb_facts

QUICK = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def names(form: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(form))


def table(con: duckdb.DuckDBPyConnection, name: str, form: Any) -> list[tuple[Any, ...]]:
    columns = ", ".join(f'"{column}"' for column in names(form))
    return sorted(con.execute(f"SELECT {columns} FROM {name}").fetchall(), key=repr)


def in_python(store: Any) -> list[PersonFacts]:
    lookups = store.lookups()
    return [netting.person_facts(raw, lookups) for raw in store.persons()]


def differences(store: Any, con: duckdb.DuckDBPyConnection, people: list[PersonFacts] | None = None) -> list[str]:
    """The tables of person facts that differ, with the first differing row."""
    people = in_python(store) if people is None else people
    pairs = {
        "lines": ([astuple(line) for person in people for line in person.lines], table(con, "lines", Line)),
        "encounters": ([astuple(visit) for person in people for visit in person.encounters], table(con, "encounters", Encounter)),
        "diagnoses": (
            [(person.person, visit, code) for person in people for visit, codes in person.diagnoses.items() for code in codes],
            con.execute("SELECT person, encounter, code FROM diagnoses").fetchall(),
        ),
    }
    found = []
    for name, (ours, theirs) in pairs.items():
        left, right = Counter(ours), Counter(theirs)
        if left != right:
            found.append(f"{name}: Python {sorted((left - right), key=repr)[:1]} SQL {sorted((right - left), key=repr)[:1]}")
    return found


@QUICK
@given(seed=st.integers(0, 2**32), people=st.integers(1, 30), mess=st.sampled_from((0.1, 0.3, 0.5)))
def test_both_forms_agree(messy_store: Any, seed: int, people: int, mess: float) -> None:
    store = messy_store(seed, people, mess)
    assert differences(store, store.connect()) == []


@pytest.fixture(scope="module")
def big(messy_store: Any) -> Any:
    return messy_store(7, 1_400, 0.3)


@pytest.fixture(scope="module")
def big_con(big: Any) -> duckdb.DuckDBPyConnection:
    return big.connect()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def small(messy_store: Any) -> Any:
    return messy_store(11, 120, 0.3)


@pytest.fixture(scope="module")
def small_con(small: Any) -> duckdb.DuckDBPyConnection:
    return small.connect()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def big_people(big: Any) -> list[PersonFacts]:
    return in_python(big)


def test_every_feature_occurs(big: Any, big_people: list[PersonFacts], big_con: duckdb.DuckDBPyConnection, record_property: Any) -> None:
    assert differences(big, big_con, big_people) == []
    resolved = versions.resolve_persons(big.rows["psn_map_d"])
    direct = {old: row["psn_no"] for old, row in newest(big.rows["psn_map_d"], lambda r: r["old_psn_no"]).items()}
    raw = {(r["fixmedins_code"], r["bkkp_sn"], r["content_hash"]): r for r in big.rows["fee_list_d"]}
    groups: dict[Any, list[Any]] = {}
    for row in raw.values():
        groups.setdefault((row["fixmedins_code"], row["bkkp_sn"]), []).append(row)
    people = big_people
    lines = [line for person in people for line in person.lines]
    by_key = {(line.institution, line.id): line for line in lines}
    visits = [visit for person in people for visit in person.encounters]
    known = {(visit.person, visit.id) for visit in visits}
    feature: Counter[str] = Counter()
    for group in groups.values():
        times = [row["updt_time"] for row in group]
        feature["several versions"] += len(group) > 1
        feature["equal updt_time"] += len(set(times)) < len(times)
        feature["missing updt_time beside a known one"] += None in times and len(set(times)) > 1
        number, now = group[0]["psn_no"], resolved.get(group[0]["psn_no"], group[0]["psn_no"])
        feature["moved person"] += number != now
        feature["moved over a chain"] += number != now and direct.get(number) != now
        line = by_key[group[0]["fixmedins_code"], group[0]["bkkp_sn"]]
        target = by_key.get((line.institution, group[0]["init_feedetl_sn"] or ""))
        feature["refund before its line"] += target is not None and line.refund == "linked" and line.time < target.time
    for line in lines:
        feature[f"refund {line.refund or 'no'}"] += 1
        feature["over-refunded"] += line.over_refunded
        feature["fully refunded"] += line.billed_quantity > 0 == line.quantity
        feature["partly refunded"] += 0 < line.quantity < line.billed_quantity
        feature["reversed"] += line.quantity > 0 and not line.live
        feature["correction to another person"] += line.person_conflict
        feature["missing encounter"] += (line.person, line.encounter) not in known
        feature["fund without a settlement id"] += line.settlement is None and line.fund is not None
        feature[f"qualified {line.qualified}"] += 1
        feature["in scope shared"] += bool(line.in_scope) and 0 < line.quantity < line.billed_quantity
        feature["death known"] += line.death_date is not None
        for name in ("in_scope", "price_limit", "doctor", "days_supplied", "taken_home", "sex", "birth_date", "level", "fund"):
            feature[f"{name} missing"] += getattr(line, name) is None
    for visit in visits:
        feature["encounter moved"] += visit.moved is True
        feature["encounter not live"] += not visit.live
        feature["encounter without fund"] += visit.fund is None
        feature["main diagnosis"] += visit.main_diagnosis is not None
    sets = Counter((row["mdtrt_id"], row["updt_time"]) for row in big.rows["setl_list_diag_d"])
    feature["set replaced"] = sum(1 for count in Counter(visit for visit, _ in sets).values() if count > 1)
    record_property("features", dict(feature))
    print(dict(sorted(feature.items())))  # noqa: T201
    assert {name: count for name, count in feature.items() if count < 100} == {}


def test_sales_agree_and_are_reversed(big: Any, big_people: list[PersonFacts], big_con: duckdb.DuckDBPyConnection) -> None:
    lines = [line for person in big_people for line in person.lines]
    by_key = {(line.institution, line.id): line for line in lines}
    ours = sales(big.rows["fsi_3505"], big.rows["fsi_3506"], by_key, versions.resolve_persons(big.rows["psn_map_d"]))
    assert Counter(astuple(s) for s in ours) == Counter(table(big_con, "sales", Sale))
    sold = {r["drug_trac_codg"] for r in big.rows["fsi_3505"]}
    assert len(sold) > 100
    assert len(ours) < 0.9 * sum(1 for r in big.rows["fsi_3505"] if r["drug_trac_codg"])
    assert {s.line is None for s in ours} == {True, False}


@QUICK
@given(seed=st.integers(0, 2**32), mess=st.sampled_from((0.1, 0.3)))
def test_stock_and_months_agree(messy_store: Any, seed: int, mess: float) -> None:
    store = messy_store(seed, 20, mess)
    con = store.connect()
    lines = [line for person in in_python(store) for line in person.lines]
    regions = {code: row.get("fix_blng_admdvs") for code, row in store.lookups().institutions.items()}
    ours: list[Stock] = []
    tables = ("fsi_3501", "fsi_3502", "fsi_3503", "fsi_3504")
    for place in {row["fixmedins_code"] for name in tables for row in store.rows[name]}:
        own = [tuple(row for row in store.rows[name] if row["fixmedins_code"] == place) for name in tables]
        ours.extend(stock(RawStock(place, *own), lines, regions.get(place)))
    assert Counter(map(astuple, ours)) == Counter(table(con, "stock", Stock))
    visits = [visit for person in in_python(store) for visit in person.encounters]
    places = {line.institution for line in lines} | {visit.institution for visit in visits}
    months = [month for place in places for month in institution_months(place, lines, visits, regions.get(place))]
    assert Counter(map(astuple, months)) == Counter(table(con, "months", InstitutionMonth))
    by_key = {(line.institution, line.id): line for line in lines}
    sold = sales(store.rows["fsi_3505"], store.rows["fsi_3506"], by_key, versions.resolve_persons(store.rows["psn_map_d"]))
    assert Counter(map(astuple, sold)) == Counter(table(con, "sales", Sale))


def test_raw_persons_give_the_same_facts(big_people: list[PersonFacts], big_con: duckdb.DuckDBPyConnection) -> None:
    plain = {facts.person: facts for facts in big_people}
    raws = list(duckdb_facts.raw_persons(big_con, list(plain)))
    found = duckdb_facts.lookups(big_con, raws)
    assert len(raws) > 400  # several portions
    assert [raw.person for raw in raws] == sorted(plain)
    for raw in raws:
        assert netting.person_facts(raw, found) == plain[raw.person]


def test_raw_persons_of_one_and_of_nobody(big_con: duckdb.DuckDBPyConnection) -> None:
    assert list(duckdb_facts.raw_persons(big_con, [])) == []
    (raw,) = duckdb_facts.raw_persons(big_con, ["nobody"])
    assert (raw.lines, raw.encounters, raw.settlements, raw.diagnoses) == ([], [], [], [])


SQL_MUTANTS = {
    "refund not netted": ("r.link = 'linked' AND x.setl_id IS NULL", "r.link = 'none'"),
    "correction ignored": ("o.updt_time DESC NULLS LAST", "o.updt_time ASC NULLS FIRST"),
    "missing updt_time is newest": ("o.updt_time DESC NULLS LAST", "o.updt_time DESC NULLS FIRST"),
    "reversal ignored": ("x.setl_id IS NOT NULL AS gone", "FALSE AS gone"),
    "correction to another person taken": ("CASE WHEN o.person = o.owner THEN 0 ELSE 1 END ASC, ", ""),
    "refund of a reversed settlement netted": (" AND x.setl_id IS NULL", ""),
    "older diagnosis set kept": ("r.updt_time = n.latest OR n.latest IS NULL", "TRUE"),
    "person map ignored": ("COALESCE(m.psn_no, r.psn_no)", "r.psn_no"),
    "half rounded down": (
        "(2 * CAST(n.scope AS HUGEINT) * CAST(n.quantity AS HUGEINT) + CAST(n.billed_quantity AS HUGEINT))",
        "(2 * CAST(n.scope AS HUGEINT) * CAST(n.quantity AS HUGEINT))",
    ),
}


@pytest.mark.parametrize("name", SQL_MUTANTS)
def test_wrong_sql_is_noticed(name: str, small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = SQL_MUTANTS[name]
    text = facts_sql.source()
    assert any(right in sql for _, sql in text)
    changed = tuple((file, sql.replace(right, wrong)) for file, sql in text if file < "70")
    monkeypatch.setattr(facts_sql, "source", lambda: changed)
    facts_sql._emitted.cache_clear()
    try:
        assert differences(small, small.connect()) != []
    finally:
        facts_sql._emitted.cache_clear()


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (versions, "version_key", lambda row: (row["known_fields"], row["content_hash"])),
        (netting, "newest_set", list),
        (netting, "fen", lambda value: int(value * 100) + 1),
        (netting, "substance", lambda code: code[:10]),
    ],
)
def test_wrong_python_is_noticed(
    module: Any, name: str, wrong: Any, small: Any, small_con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differences(small, small_con) == []
    monkeypatch.setattr(module, name, wrong)
    assert differences(small, small_con) != []

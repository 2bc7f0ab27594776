"""From raw rows of one person to facts: versions, refunds, reversals, pending references (semantics.md 1).

This is the plain form, one person at a time; `xiezhi.ruleset.facts_sql` is the same for a whole store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from xiezhi.domain.calendar import completed_years, date_of, day_number, month_number, second_number
from xiezhi.domain.facts import ENCOUNTER_KINDS, HOSPITAL_LEVELS, Encounter, Line, PersonFacts
from xiezhi.domain.item_codes import item_category, substance
from xiezhi.domain.money import MICRO, fen, micro, round_half_up
from xiezhi.domain.versions import Row, newest_of_person, newest_set


@dataclass(frozen=True)
class Lookups:
    """What one person's facts need from outside the person.

    Attributes:
        person_map: old person number to the present one (`versions.resolve_persons`).
        institutions: newest `medins_d` row by code.
        staff: newest `staff_d` rows by (practitioner, institution).
        usual_prices: the most frequent billed unit price (millionths of a yuan) by (institution, item), the higher of equals.
        line_owners: the present person of every line identity that a refund of this person names.
        earliest_date: the first service date that the store holds, for look-backs.
    """

    person_map: Mapping[str, str] = field(default_factory=dict[str, str])
    institutions: Mapping[str, Row] = field(default_factory=dict[str, Row])
    staff: Mapping[tuple[str, str], Sequence[Row]] = field(default_factory=dict[tuple[str, str], Sequence[Row]])
    usual_prices: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    line_owners: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    earliest_date: int | None = None


@dataclass(frozen=True)
class RawPerson:
    """All stored versions of the rows of one person, by table."""

    person: str
    lines: Sequence[Row] = ()
    encounters: Sequence[Row] = ()
    settlements: Sequence[Row] = ()
    diagnoses: Sequence[Row] = ()


def person_facts(raw: RawPerson, lookups: Lookups, death_elsewhere: int | None = None) -> PersonFacts:
    """The facts of one person.

    `raw.lines` must hold every version of a line identity that any version gives to the person. `death_elsewhere` is the latest date of
    death (day number) that rows of the person left out of `raw` give (`xiezhi.domain.netting_parts`).
    """

    def person_of(number: str) -> str:
        return lookups.person_map.get(number, number)

    def of_person(rows: Iterable[Row], *identity: str) -> list[tuple[Row, bool]]:
        chosen = newest_of_person(rows, lambda row: tuple(row[name] for name in identity), person_of)
        return [(row, refused) for row, refused in chosen.values() if person_of(row["psn_no"]) == raw.person]

    settlements = {row["setl_id"]: row for row, _ in of_person(raw.settlements, "setl_id")}
    reversed_ids = {s["setl_id"] for s in settlements.values() if s.get("refd_setl_flag") == "1"}
    reversed_ids |= {s["init_setl_id"] for s in settlements.values() if s.get("init_setl_id")}
    valid: dict[str, list[Row]] = defaultdict(list)
    for row in settlements.values():
        if row["setl_id"] not in reversed_ids:
            valid[row["mdtrt_id"]].append(row)

    sets: dict[str, list[Row]] = defaultdict(list)
    for row in raw.diagnoses:
        sets[row["mdtrt_id"]].append(row)
    newest_sets = {encounter: newest_set(rows) for encounter, rows in sets.items()}

    visits = {row["mdtrt_id"]: row for row, _ in of_person(raw.encounters, "mdtrt_id")}
    encounters = {key: _encounter(row, raw.person, newest_sets.get(key, []), valid[key], lookups) for key, row in visits.items()}
    death = max((d for d in (death_elsewhere, *map(_death_date, visits.values())) if d is not None), default=None)

    chosen = of_person(raw.lines, "fixmedins_code", "bkkp_sn")
    lines = _lines(chosen, raw.person, encounters, settlements, valid, reversed_ids, death, lookups)
    alive = {line.encounter for line in lines if line.live}
    diagnoses = {
        key: frozenset([row["diag_code"] for row in newest_sets.get(key, [])] + ([code] if (code := row.get("dscg_maindiag_code")) else []))
        for key, row in visits.items()
    }
    return PersonFacts(
        raw.person,
        tuple(sorted(lines, key=lambda line: line.order)),
        tuple(sorted((replace(e, live=True) if e.id in alive else e for e in encounters.values()), key=encounter_order)),
        {key: codes for key, codes in diagnoses.items() if codes},
        lookups.earliest_date,
    )


def encounter_order(encounter: Encounter) -> tuple[int, str, str]:
    """The order of encounters in facts: begin (missing first), institution, id."""
    return (encounter.begin_time if encounter.begin_time is not None else -1, encounter.institution, encounter.id)


def death_of(raw: RawPerson, lookups: Lookups) -> int | None:
    """The latest date of death (day number) that the encounters of a person give; None where they give none."""

    def person_of(number: str) -> str:
        return lookups.person_map.get(number, number)

    chosen = newest_of_person(raw.encounters, lambda row: row["mdtrt_id"], person_of)
    days = (_death_date(row) for row, _ in chosen.values() if person_of(row["psn_no"]) == raw.person)
    return max((day for day in days if day is not None), default=None)


def _death_date(row: Row) -> int | None:
    if row.get("die_date") is not None:
        return day_number(row["die_date"])
    return day_number(row["endtime"]) if row.get("dscg_way") == "5" and row.get("endtime") else None


def _encounter(row: Row, person: str, diagnoses: Sequence[Row], settlements: Sequence[Row], lookups: Lookups) -> Encounter:
    institution = lookups.institutions.get(row["fixmedins_code"], {})
    begin: datetime | None = row.get("begntime")
    mains = sorted(d["diag_code"] for d in diagnoses if d.get("maindiag_flag") == "1")
    main = mains[0] if mains else row.get("dscg_maindiag_code")
    level = HOSPITAL_LEVELS.get(row.get("hosp_lv") or "")
    return Encounter(
        id=row["mdtrt_id"],
        person=person,
        institution=row["fixmedins_code"],
        kind=ENCOUNTER_KINDS.get(row.get("med_type") or ""),
        med_type=row.get("med_type"),
        sex=row["gend"] if row.get("gend") in ("1", "2") else None,
        birth_date=day_number(row["brdy"]) if row.get("brdy") else None,
        insurance=row.get("insutype"),
        level=level if level is not None else HOSPITAL_LEVELS.get(institution.get("hosp_lv") or ""),
        region=row.get("fix_blng_admdvs") or institution.get("fix_blng_admdvs"),
        begin_time=second_number(begin) if begin else None,
        begin_date=day_number(begin) if begin else None,
        end_date=day_number(row["endtime"]) if row.get("endtime") else None,
        month=month_number(begin) if begin else None,
        department=row.get("adm_caty"),
        disease=row.get("dise_no"),
        main_diagnosis=main,
        main_category=main[:3] if main else None,
        maternity=row.get("matn_stas"),
        internet=None if row.get("internet_flag") is None else row["internet_flag"] == "1",
        moved=bool(row.get("refl_old_mdtrt_id")) or row.get("dscg_way") == "2",
        settled=bool(settlements),
        fund=sum(fen(s["fund_pay_sumamt"]) for s in settlements) if settlements else None,
        total=sum(fen(s["medfee_sumamt"]) for s in settlements) if settlements else None,
    )


def _lines(
    chosen: Sequence[tuple[Row, bool]],
    person: str,
    encounters: Mapping[str, Encounter],
    settlements: Mapping[str, Row],
    valid: Mapping[str, Sequence[Row]],
    reversed_ids: set[str],
    death: int | None,
    lookups: Lookups,
) -> list[Line]:
    charges = {(row["fixmedins_code"], row["bkkp_sn"]): row for row, _ in chosen if row["cnt"] >= 0}
    refunded: dict[tuple[str, str], tuple[int, int]] = {}
    links: dict[tuple[str, str], str] = {}
    numbers = {row["bkkp_sn"] for row, _ in chosen}
    own = {(row["fixmedins_code"], row["bkkp_sn"]) for row, _ in chosen}
    for row, _ in chosen:
        if row["cnt"] >= 0:
            continue
        target = (row["fixmedins_code"], row.get("init_feedetl_sn") or "")
        if not target[1]:
            link = "unlinked"
        elif target in charges:
            link = "linked"
            if row.get("setl_id") not in reversed_ids:
                quantity, amount = refunded.get(target, (0, 0))
                refunded[target] = (quantity + micro(row["cnt"]), amount + fen(row["det_item_fee_sumamt"]))
        elif target in own or target in lookups.line_owners or target[1] in numbers:
            link = "foreign"
        else:
            link = "pending"
        links[(row["fixmedins_code"], row["bkkp_sn"])] = link
    result: list[Line] = []
    for row, refused in chosen:
        key = (row["fixmedins_code"], row["bkkp_sn"])
        quantity, amount = refunded.get(key, (0, 0))
        gone = row.get("setl_id") in reversed_ids
        result.append(
            _line(row, person, refused, quantity, amount, links.get(key, ""), gone, encounters, settlements, valid, death, lookups)
        )
    return result


def _line(
    row: Row,
    person: str,
    refused: bool,
    refunded_quantity: int,
    refunded_amount: int,
    link: str,
    gone: bool,
    encounters: Mapping[str, Encounter],
    settlements: Mapping[str, Row],
    valid: Mapping[str, Sequence[Row]],
    death: int | None,
    lookups: Lookups,
) -> Line:
    billed, billed_amount = micro(row["cnt"]), fen(row["det_item_fee_sumamt"])
    net = max(0, billed + refunded_quantity) if billed > 0 else 0
    when: datetime = row["fee_ocur_time"]
    day = day_number(when)
    encounter = encounters.get(row["mdtrt_id"])
    institution = lookups.institutions.get(row["fixmedins_code"], {})
    med_type = (encounter.med_type if encounter else None) or row.get("med_type")
    birth = encounter.birth_date if encounter else None
    birthday = None if birth is None else date_of(birth)
    settlement = settlements.get(row.get("setl_id") or "")
    if settlement is None and not row.get("setl_id") and len(valid.get(row["mdtrt_id"], ())) == 1:
        settlement = valid[row["mdtrt_id"]][0]
    days = None if row.get("prd_days") is None else micro(row["prd_days"])
    item = row["med_list_codg"]
    in_scope = None if row.get("inscp_amt") is None else fen(row["inscp_amt"])
    qualified, title, caty = practitioner_on(lookups.staff.get((row.get("bilg_dr_code") or "", row["fixmedins_code"]), ()), when.date())
    return Line(
        institution=row["fixmedins_code"],
        id=row["bkkp_sn"],
        person=person,
        encounter=row["mdtrt_id"],
        settlement=row.get("setl_id"),
        time=second_number(when),
        date=day,
        hour=second_number(when) // 3_600,
        month=month_number(when),
        year=when.year,
        item=item,
        category=item_category(item),
        substance=substance(item),
        quantity=net,
        price=micro(row["pric"]),
        amount=min(billed_amount, max(0, billed_amount + refunded_amount)) if net else 0,
        billed_quantity=billed,
        billed_amount=billed_amount,
        in_scope=None if in_scope is None else round_half_up(in_scope * net, billed) if net else 0,
        price_limit=None if row.get("pric_uplmt_amt") is None else micro(row["pric_uplmt_amt"]),
        usual_price=lookups.usual_prices.get((row["fixmedins_code"], item)),
        prescription=row.get("rx_drord_no"),
        department=row.get("bilg_dept_codg"),
        doctor=row.get("bilg_dr_code"),
        days_supplied=days,
        use_end=day + max(1, -(-(days or 0) // MICRO)) - 1,
        taken_home=None if row.get("dscg_tkdrug_flag") is None else row["dscg_tkdrug_flag"] == "1",
        name=row.get("medins_list_name") or row.get("hilist_name"),
        live=net > 0 and not gone,
        refund=link,
        over_refunded=billed > 0 and billed + refunded_quantity < 0 and not gone,
        person_conflict=refused,
        kind=ENCOUNTER_KINDS.get(med_type or ""),
        med_type=med_type,
        sex=encounter.sex if encounter else None,
        birth_date=birth,
        age_years=completed_years(birthday, when.date()) if birthday else None,
        age_days=day - birth if birth is not None else None,
        insurance=encounter.insurance if encounter else None,
        level=encounter.level if encounter else HOSPITAL_LEVELS.get(institution.get("hosp_lv") or ""),
        region=encounter.region if encounter else institution.get("fix_blng_admdvs"),
        disease=encounter.disease if encounter else None,
        maternity=encounter.maternity if encounter else None,
        internet=encounter.internet if encounter else None,
        begin_date=encounter.begin_date if encounter else None,
        end_date=encounter.end_date if encounter else None,
        settled=encounter.settled if encounter else False,
        death_date=death,
        qualified=qualified,
        title=title,
        caty=caty,
        fund=fen(settlement["fund_pay_sumamt"]) if settlement else None,
        total=fen(settlement["medfee_sumamt"]) if settlement else None,
    )


def practitioner_on(rows: Sequence[Row], on: date) -> tuple[bool | None, str | None, str | None]:
    """Whether a practitioner may practise at an institution on a date, with title and specialty (staff_d).

    True: a registration with status 1 covers the date. False: every registration has ended or not begun, or the
    covering one was suspended or terminated (status 2, 3) and the row says since when (`updt_time`). Otherwise unknown:
    a status without a date says nothing about an earlier service.
    """
    if not rows:
        return None, None, None
    ordered = sorted(rows, key=lambda r: (r.get("begndate") or date.min, r["content_hash"]))
    title, caty = ordered[-1].get("dr_profttl"), ordered[-1].get("caty")
    verdicts: list[bool | None] = []
    for row in ordered:
        begin, end = row.get("begndate"), row.get("enddate")
        if begin is None:
            verdicts.append(None)
        elif on < begin or (end is not None and on > end):
            verdicts.append(False)
        elif row.get("status") == "1":
            verdicts.append(True)
        else:
            since: Any = row.get("updt_time")
            known = row.get("status") in ("2", "3") and since is not None and since.date() <= on
            verdicts.append(False if known else None)
    verdict = True if True in verdicts else None if None in verdicts else False
    return verdict, title, caty

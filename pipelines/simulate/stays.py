"""Ordinary stays: who is admitted, where, for how long; births and newborns, transfers, deaths, courses of chemotherapy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipelines.simulate.care import ENCOUNTER, MED, build
from pipelines.simulate.frame import Frame
from pipelines.simulate.names import DEPT
from pipelines.simulate.people import BIT, NEVER, age_band
from pipelines.simulate.places import Places
from pipelines.simulate.plans import DIAGNOSIS, Stay
from pipelines.simulate.settings import DAY, Settings
from pipelines.simulate.stay_plans import ALL_STAYS, STAY_NUMBER, STAYS
from pipelines.simulate.streams import Arr, Streams, mix, unit

RATE = 1.5
"""Admissions of this region against the plans' rates: an ageing prefecture with many beds."""
GAP = 20
"""Days between two ordinary stays of one person; courses may follow each other after 8 days."""
RELAPSE, RELAPSING = 0.03, ("copd", "pneumonia", "gastritis", "bronchopneumonia")
"""Share of stays for these diseases after which the patient honestly comes back within two weeks."""
TUMOURS = ("C34.900", "C18.900", "C50.900")
"""Tumours under chemotherapy: lung, colon, breast."""


def _candidates(settings: Settings, streams: Streams, people: Frame) -> list[tuple[int, Arr, Arr]]:
    """(plan number, persons, day of admission) of everything that might happen."""
    out: list[tuple[int, Arr, Arr]] = []
    months = settings.month_days()
    band, adults = age_band(people["age"]), people["birth"] < settings.first
    for number, plan in enumerate(STAYS):
        rng = streams.rng(f"stay {plan.key}")
        chance = np.array(plan.rate)[band] / 1000 * RATE * adults
        if not any(plan.rate[1:]):  # still a child on the last day
            chance = chance * (people["age"] + settings.months / 12 < 14.9)
        if plan.sex:
            chance = chance * (people["sex"] == plan.sex)
        if plan.bit:
            chance = chance * ((people["chronic"] & BIT[plan.bit]) > 0)
        for first, after in pairwise(months):
            who = np.flatnonzero(rng.random(len(people)) < chance)
            out.append((number, who, rng.integers(first, after, len(who))))
    rng = streams.rng("chemotherapy")
    patients = np.flatnonzero((people["chronic"] & BIT["tumour"]) > 0)
    every = np.where(rng.random(len(patients)) < 0.3, 14, 21)
    begin = settings.first + rng.integers(0, 21, len(patients))
    for cycle in range(1 + (settings.end - settings.first) // 14):
        day = begin + cycle * every + rng.integers(0, 2, len(patients))
        keep = (day < settings.end) & (cycle < 6)
        out.append((STAY_NUMBER["chemotherapy"], patients[keep], day[keep]))
    return out


def _choose_place(places: Places, plan: Stay, county: Arr, key: Arr) -> Arr:
    """An institution by the weights of the plan; people mostly stay in their county."""
    kind = np.searchsorted(np.cumsum(plan.place)[:2], unit(key, "kind"), side="right")
    chosen = np.zeros(len(key), dtype=np.int64)
    for number, name in enumerate(("primary", "secondary", "tertiary")):
        all_of = places.of_kind(name)
        pick = all_of[(unit(key, "place") * len(all_of)).astype(np.int64)]
        for area in range(5):
            near = all_of[places.inst["county"][all_of] == area]
            if len(near):
                local = near[(unit(key, "place") * len(near)).astype(np.int64)]
                pick = np.where((county == area) & (unit(key, "near") < 0.85), local, pick)
        chosen = np.where(kind == number, pick, chosen)
    return chosen


def _without_overlap(person: Arr, begin: Arr, nights: Arr, course: Arr, death: Arr) -> Arr:
    """Mask of the stays that can happen beside each other; rows are sorted by person and begin."""
    keep = np.ones(len(person), dtype=bool)
    last, free, was_course = -1, 0, False
    for row, (who, day, length, is_course) in enumerate(
        zip(person.tolist(), begin.tolist(), nights.tolist(), course.tolist(), strict=True)
    ):
        if who != last:
            last, free, was_course = who, -NEVER, False
        gap = 8 if is_course and was_course else GAP
        if day < free + gap or day + length >= death[who]:
            keep[row] = False
            continue
        free, was_course = day + length, is_course
    return keep


def make_stays(settings: Settings, streams: Streams, people: Frame, places: Places, births: Frame) -> Frame:
    """All ordinary stays as encounters with two more columns: plan (number in ALL_STAYS) and op (day of the operation).

    `births` has mother, child, day, plan. Changes the column `death` of `people` where somebody dies in hospital.
    """
    parts = _candidates(settings, streams, people)
    parts += [
        (number, births["mother"][births["plan"] == number], births["day"][births["plan"] == number])
        for number in np.unique(births["plan"]).tolist()
    ]
    rng = streams.rng("newborns")
    ill = rng.random(len(births)) < 0.22
    parts.append((STAY_NUMBER["neonatal jaundice"], births["child"][ill], births["day"][ill] + rng.integers(1, 9, int(ill.sum()))))
    plan = np.concatenate([np.full(len(who), number) for number, who, _ in parts])
    person = np.concatenate([who for _, who, _ in parts]).astype(np.int64)
    day = np.concatenate([d for _, _, d in parts]).astype(np.int64)
    # a birth cannot wait for another stay to end: births come first in the greedy choice by an earlier sort key
    is_birth = np.isin(plan, [STAY_NUMBER["natural birth"], STAY_NUMBER["caesarean"]])
    mothers = np.isin(person, births["mother"]) & ~is_birth
    known = ~mothers & (day < settings.end)  # a newborn may fall ill after the last month
    plan, person, day = plan[known], person[known], day[known]
    order = np.lexsort((plan, day, person))
    plan, person, day = plan[order], person[order], day[order]
    key = mix(mix(people["key"][person] + np.uint64(1) * day.astype(np.uint64), "stay") + plan.astype(np.uint64), "stay")
    low, usual, high = (np.array([p.days[i] for p in ALL_STAYS])[plan] for i in range(3))
    pull = unit(key, "length")
    nights = np.round(np.where(pull < 0.5, low + (usual - low) * pull * 2, usual + (high - usual) * (pull * 2 - 1) ** 2)).astype(np.int64)
    course = np.array([p.course for p in ALL_STAYS])[plan]
    keep = _without_overlap(person, day, nights, course, people["death"])
    plan, person, day, key, nights = plan[keep], person[keep], day[keep], key[keep], nights[keep]
    return _encounters(settings, people, places, plan, person, day, key, nights)


def _encounters(settings: Settings, people: Frame, places: Places, plan: Arr, person: Arr, day: Arr, key: Arr, nights: Arr) -> Frame:
    count = len(plan)
    inst, dept, med, main = (np.zeros(count, dtype=np.int64) for _ in range(4))
    death_chance, move_chance, work = (np.zeros(count) for _ in range(3))
    op = np.full(count, -1)
    for number, p in enumerate(ALL_STAYS):
        rows = np.flatnonzero(plan == number)
        inst[rows] = _choose_place(places, p, people["county"][person[rows]], key[rows])
        dept[rows] = DEPT[p.dept]
        emergency = unit(key[rows], "emergency") < p.emergency
        med[rows] = np.where(emergency, MED["210104"], MED[p.med])
        main[rows] = np.array([DIAGNOSIS[d] for d in p.main])[(unit(key[rows], "main") * len(p.main)).astype(np.int64)]
        death_chance[rows], move_chance[rows], work[rows] = p.death, p.transfer, p.work
        if p.operation or p.key == "natural birth":
            op[rows] = np.where(emergency | (nights[rows] < 2) | (p.med == "52"), 0, 1)
    old = np.clip((people["age"][person] - 45) / 18, 0.2, 2.5)
    dies = unit(key, "dies") < death_chance * old
    # only the last stay of a person can be the one in which he dies
    last = np.append(person[1:] != person[:-1], True)
    moved = (unit(key, "moved") < move_chance) & last & ~dies & (places.inst["kind"][inst] == "secondary")
    begin = day * DAY + (7 * 3600 + unit(key, "hour") * 9 * 3600).astype(np.int64)
    begin = np.where(med == MED["210104"], day * DAY + (unit(key, "hour") * 23.5 * 3600).astype(np.int64), begin)
    end = (day + nights) * DAY + (9 * 3600 + unit(key, "leave") * 7 * 3600).astype(np.int64)
    dies = dies & last & (end < settings.end * DAY)
    still = end >= settings.end * DAY
    insu = people["insu"][person]
    insu = np.where((insu == 310) & (med == MED["52"]), 510, insu)
    insu = np.where((people["employer"][person] >= 0) & (unit(key, "work") < work), 410, insu)
    dept = places.department(inst, dept)
    out = build(
        ENCOUNTER,
        count,
        key=key,
        person=person,
        inst=inst,
        dept=dept,
        med=med,
        insu=insu,
        begin=begin,
        end=np.where(still, 0, end),
        main=main,
        doctor=places.doctor(inst, dept, day, day + nights, unit(key, "doctor")),
        way=np.where(
            still, 0, np.where(dies, 5, np.where(moved, 2, np.where(unit(key, "way") < 0.03, 4, np.where(unit(key, "way") < 0.05, 3, 1))))
        ),
        die=np.where(dies, day + nights, NEVER),
        fetus=np.where(med == MED["52"], 1, 0),
        matn=np.where(med == MED["52"], 1, 0),
    )
    out["plan"], out["op"] = plan, op
    gone = person[dies]
    people["death"][gone] = np.minimum(people["death"][gone], (day + nights)[dies])
    stays = _with_transfers(settings, places, out, moved & ~still)
    return _with_relapses(settings, people, places, stays, (out["way"] == 1) & (people["death"][person] == NEVER))


def _with_transfers(settings: Settings, places: Places, stays: Frame, moved: Arr) -> Frame:
    """Append the stay at a tertiary hospital that follows a transfer on the same day."""
    rows = np.flatnonzero(moved)
    new = stays.take(rows)
    key = mix(new["key"], "transfer")
    target = places.of_kind("tertiary")
    day = new["end"] // DAY
    nights = 4 + (unit(key, "length") * 7).astype(np.int64)
    end = (day + nights) * DAY + 11 * 3600
    still = end >= settings.end * DAY
    new["key"], new["ref"] = key, rows
    new["inst"] = target[(unit(key, "place") * len(target)).astype(np.int64)]
    new["begin"] = np.minimum(new["end"] + 3 * 3600, day * DAY + 23 * 3600)
    new["end"], new["way"] = np.where(still, 0, end), np.where(still, 0, 1)
    new["med"] = np.full(len(new), MED["21"])
    new["doctor"] = places.doctor(new["inst"], new["dept"], day, day + nights, unit(key, "doctor"))
    return Frame.concat([stays, new])


def _with_relapses(settings: Settings, people: Frame, places: Places, stays: Frame, well: Arr) -> Frame:
    """Append honest returns: a lung or stomach disease comes back within two weeks in the same hospital (they look like split stays)."""
    candidates = np.flatnonzero(well & np.isin(stays["plan"][: len(well)], [STAY_NUMBER[name] for name in RELAPSING]))
    key = mix(stays["key"][candidates], "relapse")
    day = stays["end"][candidates] // DAY + 5 + (unit(key, "wait") * 5).astype(np.int64)
    nights = 3 + (unit(key, "length") * 4).astype(np.int64)
    back = (unit(key, "relapse") < RELAPSE) & (day + nights < settings.end)
    new, key, day, nights = stays.take(candidates[back]), key[back], day[back], nights[back]
    new["key"], new["med"] = key, np.full(len(new), MED["21"])
    new["insu"] = people["insu"][new["person"]]
    new["begin"], new["end"] = day * DAY + 9 * 3600 + (unit(key, "hour") * 7200).astype(np.int64), (day + nights) * DAY + 10 * 3600
    new["doctor"] = places.doctor(new["inst"], new["dept"], day, day + nights, unit(key, "doctor"))
    return Frame.concat([stays, new])


def make_births(settings: Settings, streams: Streams, people: Frame) -> tuple[Frame, Frame]:
    """(births, people with the newborn appended): mother, child, day and plan of every birth; the child lives in the mother's household."""
    rng = streams.rng("births")
    fertile = (people["sex"] == 2) & (people["age"] >= 21) & (people["age"] < 41) & (people["death"] == NEVER)
    mothers = np.flatnonzero(fertile & (rng.random(len(people)) < 0.0065 * settings.months))
    day = rng.integers(settings.first, settings.end, len(mothers))
    plan = np.where(rng.random(len(mothers)) < 0.42, STAY_NUMBER["caesarean"], STAY_NUMBER["natural birth"])
    children = people.take(mothers)
    children["key"] = streams.keys("newborn", len(mothers))
    children["sex"] = rng.integers(1, 3, len(mothers))
    children["birth"], children["age"] = day, np.zeros(len(mothers))
    for name, value in (("insu", 390), ("employer", -1), ("chronic", 0), ("death", NEVER), ("clop", 0)):
        children[name] = np.full(len(mothers), value)
    births = Frame(mother=mothers, child=len(people) + np.arange(len(mothers)), day=day, plan=plan)
    return births, Frame.concat([people, children])

"""Ordinary visits: acute outpatient care, emergency, internet, pharmacies, chronic refills, dialysis; never in a stay or after death."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipelines.simulate.care import ENCOUNTER, MED, build
from pipelines.simulate.frame import Frame
from pipelines.simulate.names import DEPT
from pipelines.simulate.people import BIT, CHRONIC, NEVER, age_band
from pipelines.simulate.places import Places
from pipelines.simulate.plans import CHRONIC_DIAGNOSIS, DIAGNOSIS, DISEASES
from pipelines.simulate.settings import DAY, Settings
from pipelines.simulate.stays import TUMOURS
from pipelines.simulate.streams import Arr, Streams, mix, unit
from pipelines.simulate.visit_plans import ALL_VISITS, VISIT_NUMBER, VISITS

RATE = 2.0
"""Visits of this region against the plans' rates."""
EARLY = 0.008
"""Share of refills that are honestly fetched more than a week early (15 days still lie between two visits)."""


def tumour_of(people: Frame, person: Arr) -> Arr:
    """The tumour diagnosis of a person under treatment (breast only in women)."""
    draw = (unit(people["key"][person], "tumour") * 3).astype(np.int64)
    draw = np.where((draw == 2) & (people["sex"][person] == 1), 0, draw)
    return np.array([DIAGNOSIS[code] for code in TUMOURS])[draw]


def main_disease(people: Frame, person: Arr) -> Arr:
    """The registered disease of a chronic patient: the rarest of his diseases (number in DISEASES)."""
    found = np.full(len(person), -1)
    for name in CHRONIC:
        found = np.where((people["chronic"][person] & BIT[name]) > 0, DISEASES.index(name), found)
    return found


def supply_days(people: Frame, person: Arr) -> Arr:
    """Days of drugs that a chronic patient fetches each time: 28, 30, 56 or 84."""
    return np.array([28, 30, 30, 30, 56, 84])[(unit(people["key"][person], "supply") * 6).astype(np.int64)]


def _acute(settings: Settings, streams: Streams, people: Frame) -> tuple[Arr, Arr, Arr]:
    """Plan, person and day of acute visits and purchases."""
    months = settings.month_days()
    band, age = age_band(people["age"]), people["age"]
    plans, persons, days = [], [], []
    for number, plan in enumerate(VISITS):
        rng = streams.rng(f"visit {plan.key}")
        # some people go to the doctor far more often than others
        chance = np.array(plan.rate)[band] / 1000 * RATE * np.exp(rng.normal(-0.18, 0.6, len(people)))
        if plan.sex:
            chance = chance * (people["sex"] == plan.sex)
        if not any(plan.rate[1:]):  # still a child on the last day
            chance = chance * (age + settings.months / 12 < 14.9)
        if plan.key == "pregnancy":
            chance = chance * ((age >= 20) & (age < 42))
        for first, after in pairwise(months):
            times = np.minimum(rng.poisson(chance), 3)
            who = np.repeat(np.arange(len(people)), times)
            plans.append(np.full(len(who), number))
            persons.append(who)
            days.append(rng.integers(first, after, len(who)))
    return np.concatenate(plans), np.concatenate(persons), np.concatenate(days)


def _courses(settings: Settings, streams: Streams, people: Frame) -> tuple[Arr, Arr, Arr]:
    """Plan, person and day of chronic refills and dialysis sessions."""
    rng = streams.rng("refills")
    patients = np.flatnonzero((people["chronic"] > 0) & ((people["chronic"] & BIT["ckd"]) == 0) & (rng.random(len(people)) < 0.86))
    supply = supply_days(people, patients)
    day = settings.first + (rng.random(len(patients)) * supply).astype(np.int64)
    plans, persons, days = [], [], []
    for _ in range(1 + (settings.end - settings.first) // 24):
        keep = day < settings.end
        persons.append(patients[keep])
        days.append(day[keep])
        plans.append(np.full(int(keep.sum()), VISIT_NUMBER["chronic"]))
        # before a journey people fetch their drugs early
        early = np.where(rng.random(len(patients)) < EARLY, rng.integers(8, 11, len(patients)), 0)
        day = day + supply + rng.integers(-3, 6, len(patients)) - early
    sick = np.flatnonzero((people["chronic"] & BIT["ckd"]) > 0)
    for week in range((settings.end - settings.first) // 7 + 1):
        for weekday in (0, 2, 4):
            at = settings.first + week * 7 + weekday + sick % 2
            keep = at < settings.end
            persons.append(sick[keep])
            days.append(at[keep])
            plans.append(np.full(int(keep.sum()), VISIT_NUMBER["dialysis"]))
    return np.concatenate(plans), np.concatenate(persons), np.concatenate(days)


def inside_stay(stays: Frame, person: Arr, day: Arr) -> Arr:
    """Mask of (person, day) that lie in a stay of that person, both ends included."""
    last = np.where(stays["end"] == 0, NEVER, stays["end"] // DAY)
    order = np.lexsort((stays["begin"], stays["person"]))
    owner, first, last = stays["person"][order], stays["begin"][order] // DAY, last[order]
    scale = 1_000_000
    at = np.searchsorted(owner * scale + first, person * scale + day, side="right") - 1
    safe = np.maximum(at, 0)
    hit = (at >= 0) & (owner[safe] == person) & (day <= last[safe])
    # a transfer starts on the day on which the first stay ends: look one stay further back as well
    before = np.maximum(at - 1, 0)
    inside: Arr = hit | ((at >= 1) & (owner[before] == person) & (day <= last[before]))
    return inside


def make_visits(settings: Settings, streams: Streams, people: Frame, places: Places, stays: Frame) -> Frame:
    """All visits and purchases as encounters with the column plan (number in ALL_VISITS) and op (-1)."""
    acute, courses = _acute(settings, streams, people), _courses(settings, streams, people)
    plan, person, day = (np.concatenate([a, c]) for a, c in zip(acute, courses, strict=True))
    # one visit a person and day (courses first), one purchase a person and day
    shop = np.array([p.med == "41" for p in ALL_VISITS])[plan]
    order = np.lexsort((-plan, shop, day, person))
    plan, person, day, shop = plan[order], person[order], day[order], shop[order]
    fresh = np.append(True, (person[1:] != person[:-1]) | (day[1:] != day[:-1]) | (shop[1:] != shop[:-1]))
    alive = (day < people["death"][person]) & (day >= people["birth"][person] + 20)
    keep = fresh & alive & ~inside_stay(stays, person, day)
    plan, person, day = plan[keep], person[keep], day[keep]
    key = mix(mix(people["key"][person] + day.astype(np.uint64), "visit") + plan.astype(np.uint64), "visit")
    return _encounters(people, places, plan, person, day, key)


def _encounters(people: Frame, places: Places, plan: Arr, person: Arr, day: Arr, key: Arr) -> Frame:
    count = len(plan)
    number = plan
    weights = np.array([np.cumsum(p.place)[:3] for p in ALL_VISITS])[number]
    kind = (unit(key, "kind")[:, None] >= weights).sum(axis=1)
    chronic = plan == VISIT_NUMBER["chronic"]
    dialysis = plan == VISIT_NUMBER["dialysis"]
    # chronic patients stay with one kind of place: township or county hospital, or a pharmacy with an outside prescription
    habit = unit(people["key"][person], "habit")
    kind = np.where(chronic, np.where(habit < 0.45, 1, np.where(habit < 0.78, 2, 3)), np.where(dialysis, 2, kind))
    pharmacy_habit = (
        chronic & (habit > 0.9) & ((people["chronic"][person] & (BIT["dm"] | BIT["tumour"])) == 0) & (supply_days(people, person) <= 30)
    )
    med = np.array([MED[p.med] for p in ALL_VISITS])[number]
    med = np.where(pharmacy_habit, MED["41"], med)
    special = chronic & ((people["chronic"][person] & (BIT["tumour"] | BIT["psy"] | BIT["hbv"])) > 0)
    med = np.where(special & ~pharmacy_habit, MED["140201"], med)
    kind = np.where(med == MED["41"], 4, kind)
    steady = people["key"][person]
    inst = np.zeros(count, dtype=np.int64)
    loyal = chronic | dialysis | (unit(key, "loyal") < 0.7)
    for index, name in enumerate(("clinic", "primary", "secondary", "tertiary", "pharmacy")):
        pool = places.of_kind(name)
        pick = pool[(np.where(loyal, unit(steady, f"usual {name}"), unit(key, f"other {name}")) * len(pool)).astype(np.int64)]
        inst = np.where(kind == index, pick, inst)
    main = np.full(count, -1)
    for index, p in enumerate(ALL_VISITS):
        if p.main:
            rows = np.flatnonzero(plan == index)
            main[rows] = np.array([DIAGNOSIS[d] for d in p.main])[(unit(key[rows], "main") * len(p.main)).astype(np.int64)]
    disease = np.where(chronic, main_disease(people, person), np.where(dialysis, DISEASES.index("ckd"), -1))
    of_disease = np.array([DIAGNOSIS[CHRONIC_DIAGNOSIS.get(name, "C34.900")] for name in DISEASES])
    main = np.where(chronic, np.where(disease == DISEASES.index("tumour"), tumour_of(people, person), of_disease[disease]), main)
    work = np.array([p.work for p in ALL_VISITS])[number]
    insu = people["insu"][person]
    insu = np.where((people["employer"][person] >= 0) & (unit(key, "work") < work), 410, insu)
    insu = np.where((med == MED["51"]) & (insu == 310), 510, insu)
    night = np.isin(med, [MED["13"]])
    begin = day * DAY + np.where(night, unit(key, "hour") * 86_000, 7.7 * 3600 + unit(key, "hour") * 9.3 * 3600).astype(np.int64)
    dept = places.department(inst, np.array([DEPT[p.dept] for p in ALL_VISITS])[number])
    internet = unit(key, "internet") < np.array([p.internet for p in ALL_VISITS])[number]
    end = np.minimum(begin + 1200 + (unit(key, "stay") * 5400).astype(np.int64), day * DAY + DAY - 60)
    out = build(
        ENCOUNTER,
        count,
        key=key,
        person=person,
        inst=inst,
        dept=dept,
        doctor=places.doctor(inst, dept, day, day, unit(key, "doctor")),
        med=med,
        insu=insu,
        begin=begin,
        end=end,
        main=main,
        disease=np.where(med == MED["41"], -1, disease),
        internet=internet & (med == MED["11"]),
        matn=np.where(med == MED["51"], 1, 0),
    )
    out["plan"], out["op"] = plan, np.full(count, -1)
    return out

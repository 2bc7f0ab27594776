"""Puts one region together: people, places, ordinary care, then the schemes on top."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import ENCOUNTER, LINE, MED, Care, empty
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.fees import ordinary_lines
from pipelines.simulate.frame import Frame
from pipelines.simulate.people import BIT, CHRONIC, make_people
from pipelines.simulate.places import make_places
from pipelines.simulate.plans import CHRONIC_DIAGNOSIS, DIAGNOSIS
from pipelines.simulate.schemes import SCHEMES
from pipelines.simulate.settings import DAY, Settings
from pipelines.simulate.stay_plans import ALL_STAYS, STAY_NUMBER
from pipelines.simulate.stays import make_births, make_stays
from pipelines.simulate.streams import Arr, Streams, mix, unit
from pipelines.simulate.truth import Truth
from pipelines.simulate.visit_plans import VISIT_NUMBER
from pipelines.simulate.visits import make_visits, tumour_of
from xiezhi.domain.errors import UsageError


def _diagnoses(people: Frame, enc: Frame, stays: int) -> Frame:
    """One main diagnosis and the further ones: those of the plan, the person's chronic diseases, the tumour of a course."""
    rows, diags, mains = (
        [np.flatnonzero(enc["main"] >= 0)],
        [enc["main"][enc["main"] >= 0]],
        [np.ones(int((enc["main"] >= 0).sum()), dtype=np.int64)],
    )

    def add(numbers: Arr, diag: Arr) -> None:
        numbers, diag = numbers[enc["main"][numbers] != diag], diag[enc["main"][numbers] != diag]
        rows.append(numbers)
        diags.append(diag)
        mains.append(np.zeros(len(numbers), dtype=np.int64))

    is_stay = np.arange(len(enc)) < stays
    chronic = people["chronic"][enc["person"]]
    refill = ~is_stay & (enc["plan"] == VISIT_NUMBER["chronic"])
    for name in CHRONIC:
        if name in CHRONIC_DIAGNOSIS:
            seen = refill | (is_stay & (unit(mix(enc["key"], name), "noted") < 0.8))
            found = np.flatnonzero(seen & ((chronic & BIT[name]) > 0))
            add(found, np.full(len(found), DIAGNOSIS[CHRONIC_DIAGNOSIS[name]]))
    course = np.flatnonzero(is_stay & (enc["plan"] == STAY_NUMBER["chemotherapy"]))
    add(course, tumour_of(people, enc["person"][course]))
    dialysis = np.flatnonzero(~is_stay & (enc["plan"] == VISIT_NUMBER["dialysis"]))
    add(dialysis, np.full(len(dialysis), DIAGNOSIS["N18.001"]))
    for number, plan in enumerate(ALL_STAYS):
        of_plan = np.flatnonzero(is_stay & (enc["plan"] == number))
        for code, chance in plan.extra:
            found = of_plan[unit(mix(enc["key"][of_plan], code), "extra") < chance]
            known = [name for name, diag in CHRONIC_DIAGNOSIS.items() if diag == code]
            for name in known:  # a chronic disease is noted once
                found = found[(chronic[found] & BIT[name]) == 0]
            add(found, np.full(len(found), DIAGNOSIS[code]))
    return Frame(enc=np.concatenate(rows), diag=np.concatenate(diags), main=np.concatenate(mains))


def _operations(care_enc: Frame, stays: int) -> Frame:
    codes = np.array([plan.operation for plan in ALL_STAYS], dtype=object)
    ways = np.array([plan.anaesthesia for plan in ALL_STAYS], dtype=object)
    numbers = np.arange(stays)
    plan = care_enc["plan"][:stays]
    closed = care_enc["end"][:stays] > 0
    rows = numbers[(codes[plan] != "") & closed & (care_enc["ref"][:stays] < 0)]
    day = care_enc["begin"][rows] // DAY + np.maximum(care_enc["op"][rows], 0)
    begin = np.maximum(
        day * DAY + (9 * 3600 + unit(care_enc["key"][rows], "op hour") * 5 * 3600).astype(np.int64), care_enc["begin"][rows] + 3600
    )
    end = begin + (2400 + unit(care_enc["key"][rows], "op length") * 7200).astype(np.int64)
    return Frame(
        enc=rows,
        code=codes[plan[rows]],
        day=begin // DAY,
        begin=begin,
        end=end,
        doctor=care_enc["doctor"][rows],
        way=ways[plan[rows]],
        main=np.ones(len(rows), dtype=np.int64),
    )


def _checks(care: Care) -> Frame:
    """Identity checks: at some beds on some days, and at some counters; a patient who is at an examination is honestly absent."""
    enc = care.encounters
    stays = np.flatnonzero(care.inpatient() & (unit(enc["key"], "checked") < 0.35))
    last = np.where(enc["end"][stays] == 0, care.settings.end, enc["end"][stays] // DAY)
    times = np.minimum(np.maximum(last - enc["begin"][stays] // DAY - 1, 0), 3)
    rows = np.repeat(stays, times)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    bed_key = mix(enc["key"][rows] + turn.astype(np.uint64), "check")
    bed_time = (enc["begin"][rows] // DAY + 1 + turn) * DAY + (20 * 3600 + unit(bed_key, "hour") * 2 * 3600).astype(np.int64)
    shops = np.flatnonzero((enc["med"] == MED["41"]) & (unit(enc["key"], "checked") < 0.06))
    rows, time = np.concatenate([rows, shops]), np.concatenate([bed_time, enc["begin"][shops] + 30])
    key = np.concatenate([bed_key, mix(enc["key"][shops], "check")])
    way = np.where(np.isin(rows, shops), "face", np.where(unit(key, "way") < 0.8, "nurse", "video")).astype(object)
    return Frame(
        person=enc["person"][rows],
        inst=enc["inst"][rows],
        time=time,
        result=(unit(key, "absent") >= 0.006).astype(np.int64),
        enc=rows,
        way=way,
    )


def ordinary(settings: Settings) -> Care:
    """The region without any scheme; the same settings give the same rows."""
    streams = Streams(settings.seed)
    catalogue()
    places = make_places(settings, streams)
    births, people = make_births(settings, streams, make_people(settings, streams))
    stays = make_stays(settings, streams, people, places, births)
    visits = make_visits(settings, streams, people, places, stays)
    visit_lines = ordinary_lines(settings, people, places, visits, 0, "visits")
    # a purchase in which nothing was chosen is no purchase
    bought = np.bincount(visit_lines["enc"], minlength=len(visits)) > 0
    visit_lines["enc"] = len(stays) + (np.cumsum(bought) - 1)[visit_lines["enc"]]
    enc = Frame.concat([stays, visits.take(bought)])
    lines = Frame.concat([ordinary_lines(settings, people, places, stays, 0, "stays"), visit_lines])
    diagnoses, operations = _diagnoses(people, enc, len(stays)), _operations(enc, len(stays))
    kept = Frame(**{name: enc[name] for name in ENCOUNTER})
    care = Care(
        settings, streams, people, places, kept, Frame(**{name: lines[name] for name in LINE}), diagnoses, operations, empty({"x": int})
    )
    care.checks = _checks(care)
    return care


def simulate_region(settings: Settings) -> tuple[Care, Truth]:
    """The region with the schemes that the settings name, and the book of what they did.

    Raises:
        UsageError: a scheme of that name does not exist.
    """
    care, truth = ordinary(settings), Truth()
    for name in settings.schemes:
        act = SCHEMES.get(name)
        if act is None:
            raise UsageError.of(f"unknown scheme {name!r}", accepted=", ".join(SCHEMES))
        act(care, care.streams.rng(f"scheme {name}"), truth)
    if len(np.unique(care.lines["key"])) < len(care.lines):
        raise AssertionError("two lines share a key: a scheme charged twice under one turn")
    return care, truth

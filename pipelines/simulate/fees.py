"""Fee lines of ordinary care: every template of a plan expanded over the days of its encounters, all columns at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.simulate.care import LINE, MED, build
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.frame import Frame
from pipelines.simulate.people import BIT
from pipelines.simulate.places import Places
from pipelines.simulate.plans import Line, Stay, Visit
from pipelines.simulate.settings import DAY, Settings
from pipelines.simulate.stay_plans import ALL_STAYS
from pipelines.simulate.streams import Arr, digits, mix, unit
from pipelines.simulate.visit_plans import ALL_VISITS, CHRONIC_DRUGS, VISIT_NUMBER
from pipelines.simulate.visits import supply_days


def price(places: Places, inst: Arr, item: Arr) -> Arr:
    """The price of an item at an institution in 1/10,000 yuan: the level's price; products a little dearer in some pharmacies."""
    base: Arr = catalogue().price[item, places.inst["level"][inst] - 1]
    shop = places.inst["kind"][inst] == "pharmacy"
    step = digits(mix(inst.astype(np.uint64), "shop") + item.astype(np.uint64), "markup", 3) % 4
    raised: Arr = np.where(shop, base + base * step // 50 // 100 * 100, base)
    return raised


def make_lines(
    settings: Settings, places: Places, enc: Frame, numbers: Arr, item: Arr, time: Arr, cnt: Arr, tag: Arr, days: Arr, home: Arr, group: Arr
) -> Frame:
    """Fee lines of the encounters `numbers` (rows of `enc`): time in seconds, cnt in 1/10,000, tag makes the key unique in the encounter.

    `group` numbers the prescription within the day (drugs only); doctor, price and upload follow from the encounter.
    """
    key = mix(enc["key"][numbers] + tag.astype(np.uint64) * np.uint64(7919), "line")
    inst = enc["inst"][numbers]
    drug = catalogue().drug[item] | (catalogue().index["t0"] <= item) & (item <= catalogue().index["t15"])
    rx = digits(mix(enc["key"][numbers] + (time // DAY).astype(np.uint64) * np.uint64(64) + group.astype(np.uint64), "rx"), "rx", 14) + 1
    return build(
        LINE,
        len(numbers),
        key=key,
        enc=numbers,
        item=item,
        time=time,
        cnt=cnt,
        pric=price(places, inst, item),
        doctor=enc["doctor"][numbers],
        rx=np.where(drug, rx, 0),
        days=days,
        home=home,
        upd=time + upload_delay(key, enc["med"][numbers]),
    )


def upload_delay(key: Arr, med: Arr) -> Arr:
    """Seconds from service to upload: minutes for outpatients, hours for inpatients, days for the few that are late."""
    inpatient = np.isin(med, [MED["21"], MED["210104"], MED["28"], MED["52"]])
    usual = np.where(inpatient, 3600 + unit(key, "delay") * 8 * 3600, 300 + unit(key, "delay") * 2400)
    return np.where(unit(key, "late") < 0.004, 3 * DAY + unit(key, "delay") * 6 * DAY, usual).astype(np.int64)


def doses(lines: tuple[Line, ...]) -> list[Line]:
    """Templates as charged: what a ward gives twice a day is charged when it is given, in two lines."""
    out: list[Line] = []
    for line in lines:
        twice = line.when == "daily" and line.count == 2
        out += [replace(line, count=1, tie=line.tie or f"{line.item}{len(out)}")] * 2 if twice else [line]
    return out


def _needs(line: Line, enc: Frame, rows: Arr, people: Frame, places: Places) -> Arr:
    person, inst = enc["person"][rows], enc["inst"][rows]
    age = people["age"][person]
    masks = {
        "": np.ones(len(rows), dtype=bool),
        "l2": places.inst["level"][inst] >= 2,
        "l2c": (places.inst["level"][inst] >= 2) & (enc["ref"][rows] < 0),
        "adult": age >= 15,
        "noclop": people["clop"][person] == 0,
    }
    chosen: Arr = masks[line.need]
    return chosen


def _spread(line: Line, enc: Frame, rows: Arr, last_day: Arr, template: int) -> tuple[Arr, Arr]:
    """(positions in rows, day offsets) of all charges of one template."""
    first = enc["begin"][rows] // DAY
    nights = np.maximum(last_day - first, 0)
    when, _, step_text = line.when.partition(":")
    step = int(step_text or 1)
    spans = {"night": nights, "hours": nights, "daily": np.maximum(nights - 1, 0), "every": nights, "n": np.minimum(nights, step)}
    if when in spans:
        times = (spans[when] + step - 1) // step if when == "every" else spans[when]
        position = np.repeat(np.arange(len(rows)), times)
        offset = np.arange(len(position)) - np.repeat(np.cumsum(times) - times, times)
        offset = offset * step if when == "every" else offset + (1 if when == "daily" else 0)
    else:
        position = np.arange(len(rows))
        offset = {
            "first": np.zeros(len(rows), dtype=np.int64),
            "second": np.minimum(1, nights),
            "last": nights,
            "op": np.minimum(np.maximum(enc["op"][rows], 0), nights),
        }[when]
    if when == "last":
        closed = enc["end"][rows] > 0
        position, offset = position[closed], offset[closed]
    draw_key = mix(enc["key"][rows][position] + offset.astype(np.uint64), line.tie or f"{line.item}{template}")
    keep = unit(draw_key, "charge") < line.chance
    return position[keep], offset[keep]


def ordinary_lines(settings: Settings, people: Frame, places: Places, enc: Frame, base: int, plans: str) -> Frame:
    """All fee lines of ordinary stays (`plans` = stays) or visits (`plans` = visits); `base` is the number of the first row of `enc`."""
    items = catalogue()
    parts: list[Frame] = []
    of_kind: tuple[Stay | Visit, ...] = ALL_STAYS if plans == "stays" else ALL_VISITS
    for number, plan in enumerate(of_kind):
        of_plan = np.flatnonzero(enc["plan"] == number)
        drugs = 0
        for template, line in enumerate(doses(plan.lines)):
            item = items.index[line.item]
            rows = of_plan[_needs(line, enc, of_plan, people, places)]
            last_day = np.where(enc["end"][rows] == 0, settings.end, enc["end"][rows] // DAY)
            position, offset = _spread(line, enc, rows, last_day, template)
            rows = rows[position]
            begin, end = enc["begin"][rows], np.where(enc["end"][rows] == 0, settings.end * DAY - 1, enc["end"][rows])
            key = mix(enc["key"][rows] + offset.astype(np.uint64), f"time{template}")
            day = begin // DAY + offset
            time = np.clip(day * DAY + (8 * 3600 + unit(key, "hour") * 9 * 3600).astype(np.int64), begin + 60, end - 60)
            cnt = np.full(len(rows), round(line.count * PRICE_SCALE))
            if line.when == "hours":
                time = np.clip(day * DAY + 23 * 3600, begin + 60, end - 60)
                hours = np.where(offset == 0, np.maximum((day * DAY + DAY - begin) // 3600, 1), 24)
                cnt = np.minimum(hours, 24) * PRICE_SCALE
            is_drug = bool(items.drug[item])
            days = np.full(len(rows), int(items.days[item] * max(line.count, 1)) if is_drug else 0)
            days = np.where(enc["med"][rows] == MED["13"], np.minimum(days, 3), days)
            group = np.full(len(rows), drugs // 4)
            drugs += is_drug
            parts.append(
                make_lines(
                    settings,
                    places,
                    enc,
                    rows,
                    np.full(len(rows), item),
                    time,
                    cnt,
                    offset * 64 + template,
                    days,
                    np.full(len(rows), int(line.home)),
                    group,
                )
            )
    if plans == "visits":
        parts.append(_refills(settings, people, places, enc))
    lines = Frame.concat(parts)
    lines["enc"] = lines["enc"] + base
    return lines


def _refills(settings: Settings, people: Frame, places: Places, enc: Frame) -> Frame:
    """Drugs and controls of chronic refills: a patient's drugs stay the same, one line a drug for the whole supply."""
    items = catalogue()
    rows = np.flatnonzero(enc["plan"] == VISIT_NUMBER["chronic"])
    person = enc["person"][rows]
    chosen: list[tuple[Arr, int, Arr]] = []
    taken = np.zeros(len(rows), dtype=np.int64)
    for disease, drugs in CHRONIC_DRUGS.items():
        has = (people["chronic"][person] & BIT[disease]) > 0
        for drug, share in drugs:
            # five drugs at most on one prescription
            use = has & (unit(people["key"][person], f"takes {drug}") < share) & (taken < 5)
            if drug == "targ":
                use &= places.inst["level"][enc["inst"][rows]] >= 2
            taken += use
            chosen.append((rows[use], items.index[drug], supply_days(people, person[use])))
    at_hospital = enc["med"][rows] != MED["41"]
    diabetic = at_hospital & ((people["chronic"][person] & BIT["dm"]) > 0)
    quarter = (enc["begin"][rows] // DAY - settings.first + (unit(people["key"][person], "quarter") * 84).astype(np.int64)) // 84
    before = np.append(-1, quarter[:-1])
    new_quarter = (quarter != before) | np.append(True, person[1:] != person[:-1])
    spaced = new_quarter & (supply_days(people, person) >= 28)
    parts = [(rows[at_hospital], items.index["visit"], np.zeros(int(at_hospital.sum()), dtype=np.int64))]
    controls = (("hba1c", diabetic & spaced), ("glu", diabetic), ("chem", at_hospital & spaced))
    parts += [(rows[m], items.index[k], np.zeros(int(m.sum()), dtype=np.int64)) for k, m in controls]
    out: list[Frame] = []
    for tag, (numbers, item, days) in enumerate([*chosen, *parts]):
        packs = np.maximum(-(-days // max(int(items.days[item]), 1)), 1) * PRICE_SCALE
        key = mix(enc["key"][numbers], f"refill{tag}")
        time = np.minimum(enc["begin"][numbers] + 120 + (unit(key, "hour") * 900).astype(np.int64), enc["end"][numbers] - 30)
        count = len(numbers)
        zero = np.zeros(count, dtype=np.int64)
        out.append(make_lines(settings, places, enc, numbers, np.full(count, item), time, packs, zero + 40 + tag, days, zero, zero))
    return Frame.concat(out)

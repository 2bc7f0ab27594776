"""What the schemes share: choosing a day and a place, adding visits and lines that look like all others."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import ENCOUNTER, MED, Care, build
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.fees import make_lines
from pipelines.simulate.names import DEPT
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, digits, mix
from pipelines.simulate.visits import inside_stay


def start_day(care: Care, rng: np.random.Generator) -> int:
    """A first day somewhere in the first third of the time."""
    span = care.settings.end - care.settings.first
    return care.settings.first + int(rng.integers(span // 12, max(span // 3, span // 12 + 1)))


def busiest(care: Care, rng: np.random.Generator, mask: Arr, *kinds: str) -> int:
    """An institution of these kinds with many encounters among `mask`: one of the three busiest."""
    pool = care.places.of_kind(*kinds)
    load = np.bincount(care.encounters["inst"][mask], minlength=len(care.places.inst))[pool]
    return int(pool[np.argsort(-load, kind="stable")[int(rng.integers(0, min(3, len(pool))))]])


def fresh_keys(care: Care, name: str, count: int) -> Arr:
    """Keys of new encounters of a scheme; `name` must differ from call to call."""
    return care.streams.keys(f"scheme {name}", count)


def add_visits(
    care: Care,
    name: str,
    person: Arr,
    inst: Arr,
    day: Arr,
    med: str,
    main: Arr | int = -1,
    hours: tuple[float, float] = (8, 17),
    disease: Arr | int = -1,
) -> Arr:
    """Outpatient encounters (with their diagnosis); returns their numbers. Days outside the time of the region must not be given."""
    key = fresh_keys(care, name, len(person))
    second = (hours[0] * 3600 + digits(key, "second", 9) % int((hours[1] - hours[0]) * 3600)).astype(np.int64)
    begin = day * DAY + second
    dept = care.places.department(inst, np.full(len(person), DEPT["A03"]))
    chance = digits(key, "doctor", 9) / 10**9
    visits = build(
        ENCOUNTER,
        len(person),
        key=key,
        person=person,
        inst=inst,
        dept=dept,
        doctor=care.places.doctor(inst, dept, day, day, chance),
        med=MED[med],
        insu=care.people["insu"][person],
        begin=begin,
        end=begin + 900 + digits(key, "length", 9) % 2400,
        main=main,
        disease=disease,
    )
    return care.add_encounters(visits)


def add_lines(care: Care, scheme: str, numbers: Arr, item: Arr | str, time: Arr, cnt: Arr | float, turn: int, days: Arr | int = 0) -> Arr:
    """Append fee lines to existing encounters and return their keys.

    `turn` (1, 2, …) must differ between calls of one `scheme` that touch the same encounter on the same day; quantities are whole units.
    """
    count = len(numbers)
    items = np.full(count, catalogue().index[item]) if isinstance(item, str) else item
    quantity = np.round(np.broadcast_to(np.asarray(cnt), (count,)) * PRICE_SCALE).astype(np.int64)
    day_tag = (time // DAY) % 512
    lines = make_lines(
        care.settings,
        care.places,
        care.encounters,
        numbers,
        items,
        time,
        quantity,
        10_000 * turn + day_tag,
        np.broadcast_to(np.asarray(days), (count,)),
        np.zeros(count, dtype=np.int64),
        np.full(count, 40 + turn),
    )
    lines["key"] = mix(lines["key"], scheme)
    care.add_lines(lines)
    return lines["key"]


def soon_after(care: Care, numbers: Arr, name: str) -> Arr:
    """A time within an outpatient encounter for one of its lines."""
    enc = care.encounters
    offset = 60 + digits(mix(enc["key"][numbers], name), "line time", 6) % 600
    times: Arr = np.minimum(enc["begin"][numbers] + offset, enc["end"][numbers])
    return times


def free(care: Care, person: Arr, day: Arr) -> Arr:
    """Mask of (person, day) on which the person is alive, outside hospital, and in the time of the region."""
    stays = care.encounters.take(care.inpatient())
    living = (
        (day < care.people["death"][person])
        & (day >= care.settings.first)
        & (day < care.settings.end)
        & (care.people["birth"][person] < day)
    )
    return living & ~inside_stay(stays, person, day)

"""Institutions of all levels, and the doctors who work there with their titles, departments and dates of registration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulate.frame import Frame
from pipelines.simulate.names import CITY, COUNTIES, COUNTY_NAMES, DEPARTMENTS, DEPT, person_names
from pipelines.simulate.people import NEVER
from pipelines.simulate.settings import Settings
from pipelines.simulate.streams import Arr, Streams

_KINDS = {
    # kind: (persons for one, at least, hosp_lv choices, doctors a department, beds)
    "tertiary": (6000, 2, ("02", "03", "12"), 6, 900),
    "secondary": (1900, 3, ("05", "06", "13"), 4, 320),
    "primary": (1000, 4, ("08", "09", "14"), 2, 50),
    "clinic": (450, 8, ("11",), 1, 0),
    "pharmacy": (330, 10, ("11",), 0, 0),
}
LEVEL = {"tertiary": 3, "secondary": 2, "primary": 1, "clinic": 1, "pharmacy": 1}
_DEPTS = {
    "tertiary": DEPARTMENTS,
    "secondary": tuple(d for d in DEPARTMENTS if d != "A19"),
    "primary": ("A02", "A03", "A07", "A50"),
    "clinic": ("A02", "A50"),
}


@dataclass(frozen=True)
class Places:
    """Institutions and staff.

    Attributes:
        inst: columns code, name, kind, level (3, 2, 1), hosp_lv, county, beds, begin (day).
        staff: one row a doctor: code, inst, dept, title, name, begin, last (last qualified day; NEVER for permanent ones), until
            (last day of a suspension, 0 where the doctor left).
        start, size: first doctor and number of doctors by (institution, department).
    """

    inst: Frame
    staff: Frame
    start: Arr
    size: Arr

    def of_kind(self, *kinds: str) -> Arr:
        """Numbers of the institutions of some kinds."""
        return np.flatnonzero(np.isin(self.inst["kind"], kinds))

    def department(self, inst: Arr, dept: Arr) -> Arr:
        """The department itself where the institution has it, else its general practice."""
        return np.where(self.size[inst, dept] > 0, dept, DEPT["A02"])

    def doctor(self, inst: Arr, dept: Arr, begin: Arr, end: Arr, chance: Arr) -> Arr:
        """A doctor who is qualified from day `begin` to day `end`, or -1 at a pharmacy; `chance` in [0, 1) picks."""
        dept = self.department(inst, dept)
        size, start = self.size[inst, dept], self.start[inst, dept]
        doctor = start + (chance * size).astype(np.int64)
        doctor = np.where(size > 0, doctor, 0)
        fits = (self.staff["last"][doctor] >= end) & (self.staff["begin"][doctor] <= begin)
        return np.where(size == 0, -1, np.where(fits, doctor, start))


def make_places(settings: Settings, streams: Streams) -> Places:
    """All institutions and doctors; the first doctor of each department is a permanent chief, so that somebody is always qualified."""
    rng = streams.rng("places")
    rows: list[tuple[str, str, str, int, str, int, int, int]] = []
    for kind, (persons, least, levels, _, beds) in _KINDS.items():
        for number in range(max(least, settings.persons // persons)):
            county = int(rng.integers(0, len(COUNTIES))) if kind != "tertiary" else number % 2
            code = f"{'P' if kind == 'pharmacy' else 'H'}{COUNTIES[county]}{len(rows) + 101:05d}"
            area = CITY if kind == "tertiary" else COUNTY_NAMES[county]
            title = {"tertiary": "人民医院", "secondary": "中心医院", "primary": "卫生院", "clinic": "诊所", "pharmacy": "大药房"}[kind]
            size = int(beds * rng.uniform(0.7, 1.3))
            rows.append((code, f"{area}第{number + 1}{title}", kind, LEVEL[kind], str(rng.choice(levels)), county, size, 0))
    names = ("code", "name", "kind", "level", "hosp_lv", "county", "beds", "begin")
    inst = Frame(
        **{name: np.array([row[i] for row in rows], dtype=object if i in (0, 1, 2, 4) else np.int64) for i, name in enumerate(names)}
    )
    inst["begin"] = settings.first - rng.integers(400, 4000, len(inst))
    first = np.zeros((len(inst), len(DEPARTMENTS)), dtype=np.int64)
    doctors = np.zeros_like(first)
    owner: list[int] = []
    depts: list[int] = []
    chief: list[bool] = []
    for number, kind in enumerate(inst["kind"].tolist()):
        for dept in _DEPTS.get(kind, ()):
            first[number, DEPT[dept]], doctors[number, DEPT[dept]] = len(owner), _KINDS[kind][3]
            owner += [number] * _KINDS[kind][3]
            depts += [DEPT[dept]] * _KINDS[kind][3]
            chief += [True] + [False] * (_KINDS[kind][3] - 1)
    count, chiefs = len(owner), np.array(chief)
    begin = settings.first - rng.integers(200, 5000, count)
    event = np.where(chiefs, 1.0, rng.random(count))
    change = rng.integers(settings.first + 10, max(settings.end - 10, settings.first + 11), count)
    leaves, suspended, joins = event < 0.03, (event >= 0.03) & (event < 0.05), (event >= 0.05) & (event < 0.08)
    codes = [f"D{COUNTIES[int(inst['county'][o])]}{i + 1001:06d}" for i, o in enumerate(owner)]
    staff = Frame(
        code=np.array(codes, dtype=object),
        inst=np.array(owner, dtype=np.int64),
        dept=np.array(depts, dtype=np.int64),
        title=np.where(
            chiefs, np.where(inst["level"][owner] > 1, "231", "233"), rng.choice(["232", "233", "234"], count, p=[0.3, 0.45, 0.25])
        ).astype(object),
        name=person_names(streams.keys("doctor", count)),
        begin=np.where(joins, change, begin),
        last=np.where(leaves | suspended, change - 1, NEVER),
        until=np.where(suspended, change + rng.integers(60, 180, count), 0),
    )
    return Places(inst, staff, first, doctors)

"""What a simulation holds in memory: encounters, their diagnoses and operations, and fee lines, as growing frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.simulate.frame import Frame
from pipelines.simulate.people import NEVER
from pipelines.simulate.places import Places
from pipelines.simulate.settings import Settings
from pipelines.simulate.streams import Arr, Streams

MED_TYPES = ("11", "13", "140104", "140201", "21", "210104", "28", "41", "51", "52")
MED = {code: number for number, code in enumerate(MED_TYPES)}
INPATIENT = np.array([MED["21"], MED["210104"], MED["28"], MED["52"]])

ENCOUNTER = {
    "key": np.uint64,
    "person": np.int64,
    "inst": np.int64,
    "dept": np.int64,
    "doctor": np.int64,
    "med": np.int64,
    "insu": np.int64,
    "begin": np.int64,
    "end": np.int64,
    "main": np.int64,
    "disease": np.int64,
    "way": np.int64,
    "die": np.int64,
    "matn": np.int64,
    "fetus": np.int64,
    "ref": np.int64,
    "internet": np.int64,
}
"""Columns of encounters: begin and end are local seconds (end 0 = still in hospital), main a diagnosis number (-1 none), disease a
registered disease (-1 none), way `dscg_way` (0 none), die a day (NEVER none), ref the encounter it was transferred from (-1 none)."""
LINE = {
    "key": np.uint64,
    "enc": np.int64,
    "item": np.int64,
    "time": np.int64,
    "cnt": np.int64,
    "pric": np.int64,
    "doctor": np.int64,
    "rx": np.int64,
    "days": np.int64,
    "home": np.int64,
    "upd": np.int64,
    "trace": np.uint64,
    "ghost": np.int64,
    "uncut": np.int64,
}
"""Columns of fee lines: cnt and pric in 1/10,000, rx a prescription number (0 none), days supplied (0 none), upd seconds of the upload,
trace the key of another line whose package is sold again (0 = its own), ghost 1 = no goods stand behind it, uncut 1 = the ceiling is not
applied."""


def empty(columns: Mapping[str, type]) -> Frame:
    """A frame without rows."""
    return Frame(**{name: np.zeros(0, dtype=kind) for name, kind in columns.items()})


def build(columns: Mapping[str, type], count: int, **values: Arr | int) -> Frame:
    """A frame of `count` rows; columns that are not given are 0 (or -1 and NEVER where that means none)."""
    none = {"doctor": -1, "main": -1, "disease": -1, "ref": -1, "die": NEVER}
    unknown = set(values) - set(columns)
    if unknown:
        raise ValueError(sorted(unknown))
    return Frame(
        **{name: np.broadcast_to(np.asarray(values.get(name, none.get(name, 0))), (count,)).astype(kind) for name, kind in columns.items()}
    )


@dataclass
class Care:
    """Everything that happened; rows are appended, never removed from `encounters`, so numbers stay valid.

    Attributes:
        diagnoses: enc, diag, main.
        operations: enc, code (text), day, begin, end, doctor, way (text), main.
        checks: identity checks: person, inst, time, result, enc, way.
    """

    settings: Settings
    streams: Streams
    people: Frame
    places: Places
    encounters: Frame
    lines: Frame
    diagnoses: Frame
    operations: Frame
    checks: Frame
    phone: dict[int, int] = field(default_factory=dict)
    """Telephone that an encounter was registered with, where it is not the person's own."""

    def add_encounters(self, new: Frame, diagnoses: bool = True) -> Arr:
        """Append encounters (with their main diagnosis where they have one); returns their numbers."""
        first = len(self.encounters)
        self.encounters = Frame.concat([self.encounters, new])
        numbers = np.arange(first, first + len(new))
        has = new["main"] >= 0
        if diagnoses and has.any():
            rows = Frame(enc=numbers[has], diag=new["main"][has], main=np.ones(int(has.sum()), dtype=np.int64))
            self.diagnoses = Frame.concat([self.diagnoses, rows])
        return numbers

    def add_lines(self, new: Frame) -> None:
        """Append fee lines."""
        self.lines = Frame.concat([self.lines, new])

    def inpatient(self) -> Arr:
        """Mask of the encounters that are stays."""
        return np.isin(self.encounters["med"], INPATIENT)

"""Dated, regional parameters: the numbers of the law, each value with its source.

A value holds from its date until the next one of the same region. Prefecture (`990100`) goes before province
(`990000`), province before nation (semantics.md 3); regional files lie in `rules/regions/<admdvs>/parameters.yaml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from xiezhi.domain.calendar import day_number
from xiezhi.domain.errors import Problems
from xiezhi.domain.money import fen, micro
from xiezhi.ruleset.marks import Document, PathKey, read_yaml
from xiezhi.ruleset.types import Type

TYPES = {"int": Type.INT, "quantity": Type.QTY, "price": Type.PRICE, "yuan": Type.FEN, "text": Type.TEXT}


@dataclass(frozen=True, order=True)
class Dated:
    """One value from a date on (day number), and where it is written."""

    start: int
    value: int | str | None
    source: str = ""


@dataclass(frozen=True)
class Parameter:
    """A parameter with its national and regional values, each list in order of date; a None value ends it."""

    name: str
    title: str
    type: Type
    unit: str
    national: tuple[Dated, ...]
    regional: Mapping[str, tuple[Dated, ...]] = field(default_factory=dict)

    def chain(self, region: str | None) -> list[tuple[Dated, ...]]:
        """The value lists that apply to a region, the most specific first."""
        keys = region_keys(region)
        return [self.regional[key] for key in keys if key in self.regional] + [self.national]

    def at(self, day: int, region: str | None) -> Dated | None:
        """The value in force on a service date in a region; None where there is none."""
        for values in self.chain(region):
            holding = [value for value in values if value.start <= day]
            if holding:
                return holding[-1] if holding[-1].value is not None else None
        return None


def region_keys(region: str | None) -> tuple[str, ...]:
    """County, prefecture and province keys of an administrative code, most specific first.

    >>> region_keys("990103")
    ('990103', '990100', '990000')
    """
    if not region or len(region) != 6:
        return ()
    return tuple(dict.fromkeys((region, region[:4] + "00", region[:2] + "0000")))


def load_parameters(folder: Path, regions: Path) -> dict[str, Parameter]:
    """National parameters of `folder/*.yaml` overlaid by `regions/<admdvs>/parameters.yaml`; all errors at once."""
    problems = Problems()
    found: dict[str, Parameter] = {}
    for path in sorted(folder.glob("*.yaml")):
        with problems.catching():
            document = read_yaml(path)
            for name, entry in _entries(document, problems):
                parameter = _parameter(name, entry, document, problems)
                if parameter is not None:
                    if name in found:
                        problems.add(
                            f"parameter {name!r} is defined twice", document.place((name, "key")), "one definition; regions overlay it"
                        )
                    found[name] = parameter
    overlays: dict[str, dict[str, tuple[Dated, ...]]] = defaultdict(dict)
    for path in sorted(regions.glob("*/parameters.yaml")) if regions.is_dir() else []:
        region = path.parent.name
        with problems.catching():
            document = read_yaml(path)
            for name, values in _entries(document, problems):
                if name not in found:
                    problems.add(f"unknown parameter {name!r}", document.place((name, "key")), ", ".join(sorted(found)))
                    continue
                overlays[name][region] = _values(values, found[name].type, (name,), document, problems)
    problems.raise_if_any()
    return {name: Parameter(p.name, p.title, p.type, p.unit, p.national, dict(overlays.get(name, {}))) for name, p in found.items()}


def _entries(document: Document, problems: Problems) -> list[tuple[str, Any]]:
    if not isinstance(document.data, dict):
        problems.add("a parameter file is a mapping of names", document.place(()), "name: {title, type, values}")
        return []
    return [(str(name), entry) for name, entry in document.data.items()]


def _parameter(name: str, entry: Any, document: Document, problems: Problems) -> Parameter | None:
    if not isinstance(entry, dict) or entry.get("type") not in TYPES or not isinstance(entry.get("title"), str):
        problems.add(f"parameter {name!r} needs title, type and values", document.place((name, "key")), f"type: {' | '.join(TYPES)}")
        return None
    kind = TYPES[entry["type"]]
    values = _values(entry.get("values"), kind, (name, "values"), document, problems)
    return Parameter(name, entry["title"], kind, str(entry.get("unit", "")), values)


def _values(entries: Any, kind: Type, at: PathKey, document: Document, problems: Problems) -> tuple[Dated, ...]:
    if not isinstance(entries, list) or not entries:
        problems.add("no values", document.place(at), "- {from: YYYY-MM-DD, value: …, source: …}")
        return ()
    result = []
    for index, entry in enumerate(entries):
        here = (*at, index)
        if not isinstance(entry, dict) or not isinstance(entry.get("from"), date) or "value" not in entry:
            problems.add("a value needs from and value", document.place(here), "{from: YYYY-MM-DD, value: …, source: …}")
            continue
        if not entry.get("source"):
            problems.add("a value needs the source that says so", document.place(here), "source: law, notice or decision")
        try:
            value = convert(entry["value"], kind)
        except (ValueError, InvalidOperation):
            problems.add(f"{entry['value']!r} is not a value of type {kind}", document.place((*here, "value")), f"{kind}")
            continue
        result.append(Dated(day_number(entry["from"]), value, str(entry.get("source", ""))))
    starts = [value.start for value in result]
    if starts != sorted(set(starts)):
        problems.add("dates are not in ascending order", document.place(at), "each `from` later than the one before")
    return tuple(sorted(result, key=lambda value: value.start))


def convert(value: Any, kind: Type) -> int | str | None:
    """A YAML value in the scale of a type: yuan to fen, quantities and prices to millionths. Raises ValueError."""
    if value is None:
        return None
    if kind is Type.TEXT:
        return str(value)
    if isinstance(value, bool):
        raise ValueError(value)
    number = Decimal(str(value))
    if kind is Type.INT:
        if number != number.to_integral_value():
            raise ValueError(value)
        return int(number)
    return fen(number) if kind is Type.FEN else micro(number)

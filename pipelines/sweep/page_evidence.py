"""The evidence of shown findings, read from the facts a sweep was made of: lines, encounters, sales, stock.

Only what the cards of the page show is read, by a few queries for all of them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.sweep.counted import line_key
from xiezhi.domain.calendar import completed_years, date_of, day_number, month_number
from xiezhi.domain.counting import LineKey
from xiezhi.domain.finding import Finding

HISTORY_DAYS = 92
"""How far back the visits beside a finding about visits reach."""
HISTORY_ROWS = 24

_LINE = "institution id encounter time item name quantity price amount billed_quantity billed_amount kind department doctor".split()
_ENCOUNTER = "id institution kind begin_date end_date main_diagnosis department insurance level sex birth_date fund total".split()
_SALE = "institution id trace item time quantity amount line".split()


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A fee line: `time` in seconds, `quantity` and `price` in millionths, amounts in fen; `quantity` is net, `billed_quantity` is not."""

    institution: str
    id: str
    encounter: str
    time: int
    item: str
    name: str | None
    quantity: int
    price: int
    amount: int
    billed_quantity: int
    billed_amount: int
    kind: str | None
    department: str | None
    doctor: str | None


@dataclass(frozen=True, slots=True)
class EvidenceEncounter:
    """A visit or stay: dates are day numbers, money is fen."""

    id: str
    institution: str
    kind: str | None
    begin_date: int | None
    end_date: int | None
    main_diagnosis: str | None
    department: str | None
    insurance: str | None
    level: int | None
    sex: str | None
    birth_date: int | None
    fund: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class EvidenceSale:
    """A sale of a traced package; units as in `EvidenceLine`."""

    institution: str
    id: str
    trace: str
    item: str
    time: int
    quantity: int
    amount: int
    line: str | None


@dataclass(frozen=True, slots=True)
class EvidenceStock:
    """An item of an institution in a month: net quantity billed and shortfall in millionths, value in fen."""

    billed: int
    shortfall: int | None
    value: int | None


@dataclass
class Evidence:
    """What was read, keyed by what findings name; `visits`, `sales` and `stock` are by finding id."""

    lines: dict[LineKey, EvidenceLine] = field(default_factory=dict)
    encounters: dict[str, EvidenceEncounter] = field(default_factory=dict)
    visits: dict[str, list[EvidenceEncounter]] = field(default_factory=lambda: defaultdict(list))
    sales: dict[str, list[EvidenceSale]] = field(default_factory=lambda: defaultdict(list))
    stock: dict[str, EvidenceStock] = field(default_factory=dict)


def read_evidence(con: duckdb.DuckDBPyConnection, findings: Sequence[Finding], kind_of: Callable[[Finding], str]) -> Evidence:
    """Read what findings rest on; `kind_of` tells the kind of rows a finding's rule looks at (`RuleSpec.row_kind`)."""
    found = Evidence()
    keys = sorted({line_key(f, line) for f in findings for line in (*f.line_ids, *f.related_line_ids)})
    columns: dict[str, Sequence[Any]] = {"i": [key[0] for key in keys], "l": [key[1] for key in keys]}
    for row in _joined(con, "lines", _LINE, columns, "a.i = t.institution AND a.l = t.id"):
        found.lines[(row[0], row[1])] = EvidenceLine(*row)
    columns = {"e": sorted({f.encounter_id for f in findings if f.encounter_id} | {line.encounter for line in found.lines.values()})}
    for row in _joined(con, "encounters", _ENCOUNTER, columns, "a.e = t.id"):
        found.encounters[row[0]] = EvidenceEncounter(*row)
    _visits(con, [f for f in findings if kind_of(f) == "encounter"], found)
    _sales(con, [f for f in findings if kind_of(f) == "sale"], found)
    stocks = [f for f in findings if kind_of(f) == "stock"]
    columns = {
        "f": [f.finding_id for f in stocks],
        "i": [f.institution_code for f in stocks],
        "c": [f.item_code for f in stocks],
        "m": [month_number(f.service_date) for f in stocks],
    }
    on = "a.i = t.institution AND a.c = t.item AND a.m = t.month"
    for row in _joined(con, "stock", ["billed", "shortfall", "value"], columns, on, first="a.f"):
        found.stock[row[0]] = EvidenceStock(*row[1:])
    return found


def _visits(con: duckdb.DuckDBPyConnection, findings: Sequence[Finding], found: Evidence) -> None:
    """The person's visits of the same kind up to the finding's last one, nearest first kept."""
    about = []
    for finding in findings:
        own = [found.encounters[e] for e in _encounters_of(finding, found) if e in found.encounters]
        dates = [e.begin_date for e in own if e.begin_date is not None]
        if finding.person_id and own and dates and own[0].kind:
            about.append((finding.finding_id, finding.person_id, own[0].kind, max(dates)))
    columns: dict[str, Sequence[Any]] = {name: [row[place] for row in about] for place, name in enumerate("fpkd")}
    on = f"a.p = t.person AND a.k = t.kind AND t.begin_date BETWEEN a.d - {HISTORY_DAYS} AND a.d AND t.live"
    for row in _joined(con, "encounters", _ENCOUNTER, columns, on, first="a.f", order="1, t.begin_date, t.id"):
        found.visits[row[0]].append(EvidenceEncounter(*row[1:]))
    for key, visits in found.visits.items():
        found.visits[key] = visits[-HISTORY_ROWS:]


def _encounters_of(finding: Finding, found: Evidence) -> list[str]:
    named = [finding.encounter_id] if finding.encounter_id else []
    return named + [found.lines[key].encounter for line in finding.line_ids if (key := line_key(finding, line)) in found.lines]


def _sales(con: duckdb.DuckDBPyConnection, findings: Sequence[Finding], found: Evidence) -> None:
    columns: dict[str, Sequence[Any]] = {
        "f": [f.finding_id for f in findings],
        "i": [f.subject[0] for f in findings],
        "s": [f.subject[1] for f in findings],
    }
    traces = _joined(con, "sales", ["trace"], columns, "a.i = t.institution AND a.s = t.id", first="a.f")
    columns = {"f": [row[0] for row in traces], "c": [row[1] for row in traces]}
    for row in _joined(con, "sales", _SALE, columns, "a.c = t.trace", first="a.f", order="1, t.time, t.institution, t.id"):
        found.sales[row[0]].append(EvidenceSale(*row[1:]))


def _joined(
    con: duckdb.DuckDBPyConnection,
    table: str,
    names: Iterable[str],
    columns: dict[str, Sequence[Any]],
    on: str,
    *,
    first: str | None = None,
    order: str = "1",
) -> list[tuple[Any, ...]]:
    """Rows of a table of facts joined with given values; no values, no query."""
    if not len(next(iter(columns.values()))):
        return []
    selected = ", ".join([*([first] if first else []), *(f"t.{name}" for name in names)])
    con.register("shown", pa.table(dict(columns)))
    try:
        return con.execute(f"SELECT {selected} FROM {table} AS t JOIN shown AS a ON {on} ORDER BY {order}").fetchall()
    finally:
        con.unregister("shown")


def institution_names(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str | None, int | None]]:
    """Name and level of every institution, from its newest row; the name is missing where nobody gave one."""
    rows = con.execute(
        "SELECT i.institution, m.name, i.level FROM (SELECT institution, MAX(level) AS level FROM lines GROUP BY institution) AS i LEFT JOIN "
        "(SELECT fixmedins_code, ARG_MAX(fixmedins_name, COALESCE(updt_time, TIMESTAMP '1900-01-01')) AS name FROM raw_medins_d GROUP BY 1) AS m "
        "ON m.fixmedins_code = i.institution"
    ).fetchall()
    return {code: (name, level) for code, name, level in rows}


def months_of_lines(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """Number of fee lines by month number of the service date."""
    return dict(con.execute("SELECT month, COUNT(*) FROM lines GROUP BY month").fetchall())


def age(birth_date: int | None, finding: Finding) -> int | None:
    """Completed years on the service date."""
    if birth_date is None or birth_date > day_number(finding.service_date):
        return None
    return completed_years(date_of(birth_date), finding.service_date)

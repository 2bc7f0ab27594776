"""The evidence of shown findings, read from the facts a sweep was made of: lines, encounters, sales, stock.

Only what the cards of the page show is read, by a few queries for all of them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import duckdb
import pyarrow as pa

from xiezhi.domain.calendar import completed_years, date_of, day_number, month_number
from xiezhi.domain.counting import LineKey, line_key
from xiezhi.domain.facts import INPATIENT
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.features import Related
from xiezhi.ruleset.spec import RuleSpec

HISTORY_DAYS = 92
"""How far back the visits beside a finding about visits reach."""
HISTORY_ROWS = 12
_TABLES = {"line": "lines", "encounter": "encounters", "sale": "sales", "stock": "stock", "month": "months"}


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
    """What was read, keyed by what findings name; the others than lines and encounters are by finding id.

    `rows` has for each finding the row of facts its rule judged last, with all columns.
    """

    lines: dict[LineKey, EvidenceLine] = field(default_factory=dict)
    encounters: dict[str, EvidenceEncounter] = field(default_factory=dict)
    visits: dict[str, list[EvidenceEncounter]] = field(default_factory=lambda: defaultdict(list))
    sales: dict[str, list[EvidenceSale]] = field(default_factory=lambda: defaultdict(list))
    stock: dict[str, EvidenceStock] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_evidence(con: duckdb.DuckDBPyConnection, findings: Sequence[Finding], rules: Mapping[str, RuleSpec]) -> Evidence:
    """Read what findings rest on."""
    found = Evidence()
    keys = sorted({line_key(f, line) for f in findings for line in (*f.line_ids, *f.related_line_ids)})
    columns: dict[str, Sequence[Any]] = {"i": [key[0] for key in keys], "l": [key[1] for key in keys]}
    for row in _joined(con, "lines", _names(EvidenceLine), columns, "a.i = t.institution AND a.l = t.id"):
        found.lines[(row[0], row[1])] = EvidenceLine(*row)
    columns = {"e": sorted({f.encounter_id for f in findings if f.encounter_id} | {line.encounter for line in found.lines.values()})}
    for row in _joined(con, "encounters", _names(EvidenceEncounter), columns, "a.e = t.id"):
        found.encounters[row[0]] = EvidenceEncounter(*row)
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_kind[rules[finding.rule_id].row_kind].append(finding)
    _rows(con, by_kind, found)
    _visits(con, [(f, rules[f.rule_id]) for f in findings], found)
    for finding in by_kind["stock"]:
        if (judged := found.rows.get(finding.finding_id)) is not None:
            found.stock[finding.finding_id] = EvidenceStock(judged["billed"], judged["shortfall"], judged["value"])
    columns = {"f": [f.finding_id for f in by_kind["sale"]], "c": [found.rows.get(f.finding_id, {}).get("trace") for f in by_kind["sale"]]}
    for row in _joined(con, "sales", _names(EvidenceSale), columns, "a.c = t.trace", first="a.f", order="1, t.time, t.institution, t.id"):
        found.sales[row[0]].append(EvidenceSale(*row[1:]))
    return found


def _rows(con: duckdb.DuckDBPyConnection, by_kind: Mapping[str, Sequence[Finding]], found: Evidence) -> None:
    """The row that was judged: the last offending line, the visit, the sale, the item's month."""
    places: dict[str, list[tuple[str, Any, Any, Any]]] = defaultdict(list)
    for finding in by_kind.get("line", ()):
        lines = [found.lines[key] for line in finding.line_ids if (key := line_key(finding, line)) in found.lines]
        if lines:
            last = max(lines, key=lambda line: (line.time, line.institution, line.id))
            places["line"].append((finding.finding_id, last.institution, last.id, None))
    places["encounter"] = [(f.finding_id, f.institution_code, f.encounter_id, None) for f in by_kind.get("encounter", ())]
    places["sale"] = [(f.finding_id, f.subject[0], f.subject[1], None) for f in by_kind.get("sale", ())]
    places["stock"] = [(f.finding_id, f.institution_code, f.item_code, month_number(f.service_date)) for f in by_kind.get("stock", ())]
    places["month"] = [(f.finding_id, f.institution_code, None, month_number(f.service_date)) for f in by_kind.get("month", ())]
    keys = {"stock": "a.k = t.item AND a.m = t.month", "month": "a.m = t.month"}
    for kind, table in _TABLES.items():
        columns = {name: [place[index] for place in places[kind]] for index, name in enumerate("fikm")}
        on = "a.i = t.institution AND " + keys.get(kind, "a.k = t.id")
        names = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
        for row in _joined(con, table, names, columns, on, first="a.f"):
            found.rows[row[0]] = dict(zip(names, row[1:], strict=True))


def _visits(con: duckdb.DuckDBPyConnection, findings: Sequence[tuple[Finding, RuleSpec]], found: Evidence) -> None:
    """The person's visits of the kind a rule looks at, up to the finding's last date; the latest are kept."""
    about = []
    for finding, rule in findings:
        row = found.rows.get(finding.finding_id)
        if row is None or not finding.person_id:
            continue
        stays = any(isinstance(feature, Related) and feature.of == "stays" for feature in rule.features.values())
        if rule.row_kind == "encounter" or stays:
            ids = {
                finding.encounter_id,
                *(found.lines[k].encounter for line in finding.line_ids if (k := line_key(finding, line)) in found.lines),
            }
            dates = [e.begin_date for e in map(found.encounters.get, sorted(i for i in ids if i)) if e and e.begin_date is not None]
            last = max([*dates, day_number(finding.service_date)])
            about.append((finding.finding_id, finding.person_id, INPATIENT if stays else row["kind"], last))
    columns: dict[str, Sequence[Any]] = {name: [row[place] for row in about] for place, name in enumerate("fpkd")}
    on = f"a.p = t.person AND a.k = t.kind AND t.begin_date BETWEEN a.d - {HISTORY_DAYS} AND a.d AND t.live"
    for visit in _joined(con, "encounters", _names(EvidenceEncounter), columns, on, first="a.f", order="1, t.begin_date, t.id"):
        found.visits[visit[0]].append(EvidenceEncounter(*visit[1:]))
    for key, visits in found.visits.items():
        found.visits[key] = visits[-HISTORY_ROWS:]


def _names(shape: type[Any]) -> list[str]:
    """The columns of a table of facts that an evidence row holds."""
    return [each.name for each in fields(shape)]


def _joined(
    con: duckdb.DuckDBPyConnection,
    table: str,
    names: Iterable[str],
    columns: Mapping[str, Sequence[Any]],
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
        "SELECT i.institution, m.name, i.level "
        "FROM (SELECT institution, MAX(level) AS level FROM lines GROUP BY institution) AS i "
        "LEFT JOIN (SELECT fixmedins_code, ARG_MAX(fixmedins_name, COALESCE(updt_time, TIMESTAMP '1900-01-01')) AS name "
        "FROM raw_medins_d GROUP BY fixmedins_code) AS m ON m.fixmedins_code = i.institution"
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

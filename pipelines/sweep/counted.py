"""The counted amount of every open finding, over all rules, from the net amounts of the lines in DuckDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa

from xiezhi.domain.calendar import month_number
from xiezhi.domain.counting import Claimed, LineKey, count_once, count_parts_once, line_key
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.assemble import spread
from xiezhi.ruleset.spec import RuleSpec


def counted_amounts(con: duckdb.DuckDBPyConnection, findings: Iterable[Finding], rules: Mapping[str, RuleSpec]) -> dict[str, int]:
    """Counted fen by finding id; `findings` must be all open findings of the store, before any filter.

    A stay's money is spread over the net lines of its encounter, a stock finding's over the net lines of the item in the month.
    """
    return count_once(*claims_of(con, findings, rules))


def counted_lines(con: duckdb.DuckDBPyConnection, findings: Iterable[Finding], rules: Mapping[str, RuleSpec]) -> dict[str, dict[str, int]]:
    """The same by finding id and then by line id as the finding writes it; an empty line id where the finding has no lines."""
    listed = list(findings)
    claims, nets = claims_of(con, listed, rules)
    given = count_parts_once(claims, nets)
    return {
        finding.finding_id: dict(zip(finding.line_ids, given.get(finding.finding_id, ()), strict=False))
        if finding.line_ids
        else {"": sum(given.get(finding.finding_id, ()))}
        for finding in listed
    }


def claims_of(
    con: duckdb.DuckDBPyConnection, findings: Iterable[Finding], rules: Mapping[str, RuleSpec]
) -> tuple[list[Claimed], dict[LineKey, int]]:
    """What every finding claims of which lines, and the net amounts (fen) of those lines."""
    open_ = [finding for finding in findings if finding.amount_fen > 0]
    parts: dict[str, list[tuple[LineKey, int]]] = {}
    stays: dict[str, Finding] = {}
    stocks: dict[str, Finding] = {}
    for finding in open_:
        if finding.line_ids:
            parts[finding.finding_id] = [
                (line_key(finding, line), part) for line, part in zip(finding.line_ids, finding.line_amounts, strict=True)
            ]
        elif finding.rule_id in rules and rules[finding.rule_id].row_kind == "stock":
            stocks[finding.finding_id] = finding
        elif finding.encounter_id:
            stays[finding.finding_id] = finding
    nets: dict[LineKey, int] = {}
    keys = sorted({key for entry in parts.values() for key, _ in entry})
    con.register("asked", pa.table({"i": pa.array([k[0] for k in keys], pa.string()), "l": pa.array([k[1] for k in keys], pa.string())}))
    for institution, line, amount in con.execute(
        "SELECT l.institution, l.id, l.amount FROM lines AS l JOIN asked AS a ON a.i = l.institution AND a.l = l.id WHERE l.live"
    ).fetchall():
        nets[(institution, line)] = amount
    con.unregister("asked")
    parts |= _spread(
        con,
        stays,
        "a.x = l.encounter AND a.p = l.person",
        {key: (f.encounter_id or "", f.person_id or "", 0) for key, f in stays.items()},
        nets,
    )
    by_item = {key: (f.item_code or "", f.institution_code, month_number(f.service_date)) for key, f in stocks.items()}
    parts |= _spread(con, stocks, "a.x = l.item AND a.p = l.institution AND a.m = l.month", by_item, nets)
    return [Claimed(f.finding_id, f.verdict, f.amount_fen, parts.get(f.finding_id, [])) for f in open_], nets


def _spread(
    con: duckdb.DuckDBPyConnection,
    findings: Mapping[str, Finding],
    on: str,
    keys: Mapping[str, tuple[str, str, int]],
    nets: dict[LineKey, int],
) -> dict[str, list[tuple[LineKey, int]]]:
    """Money of findings without lines, in proportion to the net lines they are about; adds those lines to `nets`."""
    if not findings:
        return {}
    ids = sorted(findings)
    columns = {
        "f": pa.array(ids, pa.string()),
        "x": pa.array([keys[i][0] for i in ids], pa.string()),
        "p": pa.array([keys[i][1] for i in ids], pa.string()),
        "m": pa.array([keys[i][2] for i in ids], pa.int64()),
    }
    con.register("asked", pa.table(columns))
    lines: dict[str, list[tuple[LineKey, int]]] = defaultdict(list)
    for finding, institution, line, amount in con.execute(
        f"SELECT a.f, l.institution, l.id, l.amount FROM lines AS l JOIN asked AS a ON {on} WHERE l.live ORDER BY 1, l.time, 2, 3"
    ).fetchall():
        lines[finding].append(((institution, line), amount))
        nets[(institution, line)] = amount
    con.unregister("asked")
    result = {}
    for finding, entries in lines.items():
        total = sum(amount for _, amount in entries)
        shares = spread(min(findings[finding].amount_fen, total), [amount for _, amount in entries])
        result[finding] = [(key, share) for (key, _), share in zip(entries, shares, strict=True)]
    return result

"""From hits to findings: one a rule and subject, citing every violated point, money rounded once (semantics.md 3, 4).

All engines share this step; the evidence gate compares its results with those of the reference interpreter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from xiezhi.domain.calendar import date_of
from xiezhi.domain.finding import Finding, finding_id
from xiezhi.domain.money import MICRO, plain, round_half_up, yuan
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.hits import Hit, HitRow
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import Type


def assemble(rules: Mapping[str, RuleSpec], hits: Iterable[Hit], stage: str = "post") -> list[Finding]:
    """Findings of all hits, in order of id.

    Scopes are per person (semantics.md 2): lines of two persons that name one encounter by mistake are two findings.
    """
    groups: dict[tuple[str, tuple[str, ...], str | None], list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[(hit.rule_id, hit.subject, hit.row.person if hit.row.kind in ("line", "encounter") else None)].append(hit)
    findings = [_finding(rules[rule_id], subject, group, stage) for (rule_id, subject, _), group in groups.items()]
    return sorted(findings, key=lambda finding: finding.finding_id)


def _order(row: HitRow) -> tuple[int, str, str, str, str]:
    """A total order: sales of several codes on one document share time and id."""
    return (row.time, row.institution, row.id, row.item or "", row.line or "")


def _finding(rule: RuleSpec, subject: tuple[str, ...], hits: Sequence[Hit], stage: str) -> Finding:
    by_point: dict[str, list[Hit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda h: (_order(h.row), h.point or "")):
        by_point[hit.point or ""].append(hit)
    totals = {point: _money(group) for point, group in by_point.items()}
    best = min(totals, key=lambda point: (-totals[point][0], point))
    exact, parts = totals[best]
    rows = sorted({hit.row for hit in hits}, key=_order)
    first, shown = rows[0], by_point[best][-1]
    offending = _offending_lines(hits)
    ids = {key: _line_id(key, first.institution) for key in offending}
    amount = round_half_up(exact.numerator, exact.denominator)
    lines = sorted(offending, key=lambda key: ids[key])
    related = {key for hit in hits for key in hit.related} - set(offending)
    day = min((row.date for row in offending.values()), default=first.date)
    on = date_of(day if rule.row_kind not in ("stock", "month") else first.date)
    texts = _texts(rule, shown, first, on, amount, len(lines))
    return Finding(
        finding_id=finding_id(rule.id, subject, ids.values()),
        revision=1,
        rule_id=rule.id,
        rule_version=rule.version,
        rule_hash=rule.hash,
        class_no=rule.class_no,
        verdict=rule.verdict,
        stage=stage,
        person_id=first.person,
        institution_code=first.institution,
        practitioner_code=first.doctor,
        encounter_id=first.encounter,
        settlement_id=first.settlement,
        line_ids=tuple(ids[key] for key in lines),
        related_line_ids=tuple(sorted(_line_id(key, first.institution) for key in related)),
        service_date=on,
        quantity=_decimal(rule.counted, shown.counted),
        limit_value=_decimal(rule.limit, shown.limit),
        amount_fen=amount,
        fund_amount_fen=_fund(rule, amount, exact, parts),
        line_amounts=spread(amount, [parts.get(key, (Fraction(0), offending[key]))[0] for key in lines]),
        message_zh=rule.message.format_map(texts),
        message_en=rule.message_en.format_map(texts),
        law_refs=tuple(str(citation) for citation in rule.citations if citation.law.holds(on)),
        knowledge_ids=tuple(sorted(point for point in by_point if point)),
        item_code=first.item,
        subject=subject,
    )


Key = tuple[str, str]
Parts = dict[Key, tuple[Fraction, HitRow]]


def _key(row: HitRow) -> Key:
    return (row.institution, row.line or row.id)


def _money(hits: Sequence[Hit]) -> tuple[Fraction, Parts]:
    """Exact money of the hits of one point, and the part of each line, which is never above its net amount."""
    parts: Parts = {}
    total = Fraction(0)
    for hit in hits:
        part = max(Fraction(0), Fraction(hit.numerator, hit.denominator))
        if hit.lines:
            total += part
            nets = [max(0, line.amount or 0) for line in hit.lines]
            for line, net in zip(hit.lines, nets, strict=True):
                parts[_key(line)] = (part * net / (sum(nets) or 1), line)
            continue
        key = _key(hit.row)
        before = parts.get(key, (Fraction(0), hit.row))[0]
        after = before + part
        if hit.row.amount is not None:
            after = min(after, Fraction(max(0, hit.row.amount)))
        parts[key] = (after, hit.row)
        total += after - before
    credit = max(hit.credit for hit in hits)
    if credit and total > 0:
        left = max(Fraction(0), total - credit)
        parts = {key: (part * left / total, row) for key, (part, row) in parts.items()}
        total = left
    return total, parts


def _offending_lines(hits: Sequence[Hit]) -> dict[Key, HitRow]:
    """The fee lines at fault, by institution and id."""
    found: dict[Key, HitRow] = {}
    for hit in hits:
        for line in hit.lines:
            found[_key(line)] = line
        if not hit.lines and hit.row.line is not None:
            found[_key(hit.row)] = hit.row
    return found


def _line_id(key: Key, institution: str) -> str:
    return key[1] if key[0] == institution else f"{key[0]}:{key[1]}"


def spread(amount: int, weights: Sequence[Fraction] | Sequence[int]) -> tuple[int, ...]:
    """Whole fen in proportion to the weights, by largest remainder (ties: the earlier), summing to `amount`.

    >>> spread(10, [1, 1, 1])
    (4, 3, 3)
    """
    total = sum(weights)
    if not total:
        return tuple(0 for _ in weights)
    exact = [Fraction(amount) * weight / total for weight in weights]
    whole = [int(value) for value in exact]
    rest = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in rest[: amount - sum(whole)]:
        whole[index] += 1
    return tuple(whole)


def _fund(rule: RuleSpec, amount: int, exact: Fraction, parts: Parts) -> int | None:
    """The fund's share of the amount by the settlement of each line; missing where one is unknown (semantics.md 4)."""
    if rule.amount is not None and any(isinstance(n, x.Field) and n.column == "fund" for n in rule.amount.numerators):
        return amount
    if rule.amount is None or exact == 0:
        return 0 if rule.amount is not None else None
    share = Fraction(0)
    for part, row in parts.values():
        if part == 0:
            continue
        if row.fund is None or not row.total or row.total < 0:
            return None
        share += part * max(0, row.fund) / row.total
    return min(amount, round_half_up(share.numerator, share.denominator))


def _decimal(node: x.Expr | None, value: int | None) -> int | None:
    """A counted value in millionths, whatever its type (money: of a yuan)."""
    if node is None or value is None or node.type in (Type.TEXT, Type.BOOL):
        return None
    if node.type in (Type.QTY, Type.PRICE):
        return value
    return value * (MICRO // 100 if node.type is Type.FEN else MICRO)


def _texts(rule: RuleSpec, hit: Hit, first: HitRow, on: object, amount: int, lines: int) -> dict[str, str]:
    counted, limit = _text(rule.counted, hit.counted), _text(rule.limit, hit.limit)
    excess = ""
    if (
        rule.counted is not None
        and rule.limit is not None
        and hit.counted is not None
        and hit.limit is not None
        and rule.counted.type is rule.limit.type
    ):
        excess = _text(rule.counted, hit.counted - hit.limit)
    item = hit.row.item or first.item or ""
    return {
        "name": hit.row.name or item,
        "item": item,
        "date": str(on),
        "month": str(on)[:7],
        "counted": counted,
        "limit": limit,
        "excess": excess,
        "amount": yuan(amount),
        "lines": str(lines),
        "institution": first.institution,
        "encounter": first.encounter or "",
    }


def _text(node: x.Expr | None, value: int | None) -> str:
    """A value as people write it."""
    if node is None or value is None:
        return "—"
    if node.type in (Type.QTY, Type.PRICE):
        return plain(value)
    if node.type is Type.FEN:
        return yuan(value)
    return date_of(value).isoformat() if node.type is Type.DATE else str(value)

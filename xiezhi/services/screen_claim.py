"""Screen one claim at the counter: the rows of a message, over what is stored of the person, judged by all rules of a stage.

    screener = Screener(rules, points)
    screening = screener.screen(claim, known)

The rows of the message are laid over the stored rows of the same identity (what the message leaves out is taken from the store) and
pass the same netting as the stored claims, so that a complete settled claim gives exactly the findings of the sweep for its lines
(semantics.md 5). Answers are reminders of a moment: nothing is stored here, and what could not be seen is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, PersonFacts, Sale, Stock
from xiezhi.domain.finding import Finding
from xiezhi.domain.netting import Lookups, RawPerson, person_facts
from xiezhi.domain.netting_parts import Parts
from xiezhi.domain.versions import Row, newest
from xiezhi.log import get_logger
from xiezhi.ports import HistoryStore
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_engine import PythonEngine
from xiezhi.ruleset.reach import reach_days
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.services.evidence_gate import pass_gate

log = get_logger("screen")
PROVABLE_LINES = 3_000
"""Reminders about persons with more fee lines are given without the second proof, and name no related lines."""
_NEWEST = 1_000_000
"""More known fields than any stored row has: at equal `updt_time` the message is the newest version."""


@dataclass(frozen=True)
class Claim:
    """One person of a message as rows of the national tables (typed values in national units).

    Attributes:
        person: psn_no as the message gives it.
        encounter: mdtrt_id of the current encounter.
        stage: pre (3101) or mid (3102).
        rows: encounters, lines, settlements, diagnoses of the message, history included.
        asked: identities (institution, bkkp_sn) of the lines to judge: the present orders of the current encounter.
    """

    person: str
    encounter: str
    stage: str
    rows: RawPerson
    asked: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """What is stored of the person at this moment; `missing` says in Chinese why nothing is, where nothing could be read.

    `parts` are the facts of `raw` where they were kept from an earlier claim.
    """

    raw: RawPerson | None = None
    lookups: Lookups = field(default_factory=Lookups)
    missing: str = ""
    parts: Parts | None = None


@dataclass(frozen=True)
class Unseen:
    """A rule that could not be judged in full: its id (empty: all rules) and the reason in Chinese."""

    rule_id: str
    reason: str


@dataclass(frozen=True)
class Screening:
    """Findings about the asked lines and the current encounter; what was not seen; the facts they were judged by."""

    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    facts: PersonFacts | None


def known_of(history: HistoryStore | None, person: str) -> Known:
    """Read what is stored of a person; raises what the store raises."""
    if history is None:
        return Known(missing="没有配置历史数据")
    lookups = history.lookups()
    present = lookups.person_map.get(person, person)
    return Known(history.raw_person(present), lookups)


class Screener:
    """Compiled rules for both stages, under the name of a release. Make one and keep it; `screen` may run on several threads."""

    def __init__(self, rules: Iterable[RuleSpec], points: PointBase, release: str = "") -> None:
        self.rules: Mapping[str, RuleSpec] = {rule.id: rule for rule in rules if not rule.batch}
        self.points = points
        self._reference = Reference(points)
        self.release = release or points.version
        self._engines = {stage: PythonEngine(self._of_stage(stage), points, stage) for stage in ("pre", "mid")}
        spans = _spans(points)
        self._reach = {rule.id: _reach(rule, spans) for rule in self.rules.values()}

    def _of_stage(self, stage: str) -> list[RuleSpec]:
        return [rule for rule in self.rules.values() if stage in rule.stages]

    def screen(self, claim: Claim, known: Known, rule_ids: Sequence[str] = ()) -> Screening:
        """Judge a claim by the rules of its stage (only `rule_ids` where given) with what is known of the person."""
        facts = facts_of(claim, known)
        asked, encounter = claim.asked, claim.encounter

        def concerns(row: Any) -> bool:
            if isinstance(row, Line):
                return (row.institution, row.id) in asked
            return isinstance(row, Encounter) and row.id == encounter

        hits = self._engines[claim.stage].about(facts, concerns)
        if rule_ids:
            hits = [hit for hit in hits if hit.rule_id in rule_ids]
        subjects = {hit.rule_id + "\0" + "\0".join(hit.subject) for hit in hits if _concerns(hit, claim.asked, encounter)}
        kept = [hit for hit in hits if hit.rule_id + "\0" + "\0".join(hit.subject) in subjects]
        findings = assemble(self.rules, kept, claim.stage)
        return Screening(self._proven(findings, facts), self._unseen(claim, known, facts, rule_ids), facts)

    def _proven(self, findings: list[Finding], facts: PersonFacts) -> tuple[Finding, ...]:
        """What independent code finds again, with its related lines; very long histories would take longer than a doctor waits."""
        if not findings or len(facts.lines) > PROVABLE_LINES:
            return tuple(findings)
        gated = pass_gate(findings, self.rules, self._reference, _OnePerson(facts))
        for refused in gated.refused:
            log.error("reminder not proven", rule_id=refused.finding.rule_id, reason=refused.reason[:500])
        return gated.proven

    def _unseen(self, claim: Claim, known: Known, facts: PersonFacts, rule_ids: Sequence[str]) -> tuple[Unseen, ...]:
        """Rules whose windows reach further back than what is known, and rules over data that no message carries."""
        result = [Unseen(rule_id, "没有这条规则，或本环节不审核") for rule_id in rule_ids if not self._judges(rule_id, claim.stage)]
        begin = min((line.date for line in facts.lines if line.encounter == claim.encounter), default=None)
        earliest = known.lookups.earliest_date
        for rule in self._of_stage(claim.stage):
            if rule_ids and rule.id not in rule_ids:
                continue
            reach = self._reach[rule.id]
            if rule.row_kind == "sale":
                result.append(Unseen(rule.id, "追溯码的其他销售记录不在报文中"))
            elif reach == 0 or begin is None:
                continue
            elif known.missing:
                result.append(Unseen(rule.id, f"{known.missing}，只看到报文中的费用"))
            elif reach is not None and (earliest is None or earliest > begin - reach):
                result.append(Unseen(rule.id, f"需回看 {reach} 天，已存数据不足"))
        return tuple(result)

    def _judges(self, rule_id: str, stage: str) -> bool:
        return rule_id in self.rules and stage in self.rules[rule_id].stages


class _OnePerson:
    """A `FactsReader` over the facts at hand."""

    def __init__(self, facts: PersonFacts) -> None:
        self._facts = facts

    def persons(self, numbers: Sequence[str]) -> Iterator[PersonFacts]:
        """The person, if asked for."""
        if self._facts.person in numbers:
            yield self._facts

    def sales(self, identities: Sequence[tuple[str, str]]) -> Iterator[tuple[Sale, ...]]:
        """None: a message carries no sales."""
        return iter(())

    def months(self, institutions: Sequence[str]) -> Iterator[tuple[InstitutionMonth, ...]]:
        """None: a message carries no month."""
        yield from ()

    def stock(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[Stock, ...]]:
        """None: a message carries no stock."""
        return iter(())


def _concerns(hit: Any, asked: frozenset[tuple[str, str]], encounter: str) -> bool:
    """Whether a hit is about an asked line, or about the current encounter as a whole."""
    row = hit.row
    if row.kind == "line":
        return (row.institution, row.id) in asked
    return row.encounter == encounter and (not hit.lines or any((line.institution, line.id) in asked for line in hit.lines))


def facts_of(claim: Claim, known: Known) -> PersonFacts:
    """The facts of the person with the message laid over what is stored."""
    person = known.lookups.person_map.get(claim.person, claim.person)
    if known.parts is not None and known.parts.raw.person == person:
        return known.parts.with_rows(claim.rows, _laid_over, known.lookups)
    stored = replace(known.raw, person=person) if known.raw is not None else RawPerson(person)
    return person_facts(_laid_over(stored, claim.rows), known.lookups)


def _laid_over(stored: RawPerson, sent: RawPerson) -> RawPerson:
    """The stored rows with those of a message; the person is the stored one."""
    replaced = {row["mdtrt_id"] for row in sent.diagnoses}  # the diagnoses of an encounter are one set
    return replace(
        stored,
        lines=_overlaid(stored.lines, sent.lines, ("fixmedins_code", "bkkp_sn")),
        encounters=_overlaid(stored.encounters, sent.encounters, ("mdtrt_id",)),
        settlements=_overlaid(stored.settlements, sent.settlements, ("setl_id",)),
        diagnoses=[*(row for row in stored.diagnoses if row["mdtrt_id"] not in replaced), *sent.diagnoses],
    )


def _overlaid(stored: Sequence[Row], sent: Sequence[Row], identity: tuple[str, ...]) -> list[Row]:
    """Stored versions and, for each row of the message, the newest version: the stored one with what the message says."""
    if not sent:
        return list(stored)

    def key(row: Row) -> object:
        return tuple(row[name] for name in identity)

    asked = {key(row) for row in sent}
    before = newest((row for row in stored if key(row) in asked), key)
    result = list(stored)
    for row in sent:
        old: Row = before.get(key(row), {})
        said = {name: value for name, value in row.items() if value is not None}
        latest = max(old.get("updt_time") or datetime.min, row.get("updt_time") or datetime.min)
        result.append({**old, **said, "updt_time": latest, "known_fields": _NEWEST, "content_hash": ""})
    return result


def _reach(rule: RuleSpec, spans: Mapping[tuple[int, str], int]) -> int | None:
    class_no = rule.knowledge.class_no if rule.knowledge else 0
    return reach_days(rule, lambda limit: spans.get((class_no, limit)))


def _spans(points: PointBase) -> dict[tuple[int, str], int]:
    """The largest value of each whole-number limit of the points of a class."""
    spans: dict[tuple[int, str], int] = {}
    for point in points.by_id.values():
        for name, value in point.limits.items():
            if isinstance(value, int):
                spans[point.class_no, name] = max(value, spans.get((point.class_no, name), 0))
    return spans

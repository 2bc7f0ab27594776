"""Judges one person or one trace code: facts from the history, all rules that the stream may judge, findings with their proof.

The compiled engine says what is doubtful; the reference interpreter then judges the rules that said so again, because the lines that
prove a finding come from it. So every finding of the stream has passed the evidence gate's comparison over the same facts; the gate over
the stored claims runs once more when a case is opened, and need not run for every event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xiezhi.domain.facts import InstitutionMonth, Line, PartitionFacts, PersonFacts, Sale, Stock
from xiezhi.domain.finding import Finding
from xiezhi.domain.sales import sales
from xiezhi.log import get_logger
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_engine import PythonEngine
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.services.evidence_gate import pass_gate
from xiezhi.storage.lmdb_history import View

log = get_logger(__name__)


@dataclass(frozen=True)
class _Known:
    """The facts at hand, as the gate asks for them."""

    person: PersonFacts | None = None
    sold: tuple[Sale, ...] = ()

    def persons(self, numbers: Sequence[str]) -> Iterator[PersonFacts]:
        if self.person is not None and self.person.person in numbers:
            yield self.person

    def sales(self, identities: Sequence[tuple[str, str]]) -> Iterator[tuple[Sale, ...]]:
        yield self.sold

    def stock(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[Stock, ...]]:
        yield from ()

    def months(self, institutions: Sequence[str]) -> Iterator[tuple[InstitutionMonth, ...]]:
        yield from ()


class Judge:
    """All rules that need no batch, over one partition at a time.

    Args:
        rules: active rules; those marked `batch` are left out.
        points: all coded knowledge points.
        version: names the release of the rules.
    """

    def __init__(self, rules: Sequence[RuleSpec], points: PointBase, version: str = "") -> None:
        self.rules = {rule.id: rule for rule in rules if not rule.batch}
        self._engine = PythonEngine(self.rules.values(), points)
        self._reference = Reference(points)
        self._watched = _items_with_usual_price(list(self.rules.values()), points)
        text = "\n".join([version, points.version, *sorted(f"{rule.id} {rule.hash}" for rule in self.rules.values())])
        self.release = hashlib.sha256(text.encode()).hexdigest()[:16]

    def watches(self, item: str) -> bool:
        """Whether the usual price of an item can matter to a rule."""
        return self._watched is None or item in self._watched

    def person(self, facts: PersonFacts) -> list[Finding]:
        """The proven findings of a person."""
        return self._proven(assemble(self.rules, self._engine.evaluate(facts).hits), _Known(facts))

    def trace(self, view: View, trace: str, facts_of: Callable[[str], PersonFacts]) -> list[Finding]:
        """The proven findings of a trace code; the fee lines that its sales name come from the facts of their persons."""
        sold, returned = view.trace_rows(trace)
        documents = {(row["fixmedins_code"], row["rtal_docno"]) for row in sold if row.get("rtal_docno")}
        lookups = view.lookups()
        persons = {view.person_of(number) for document in documents for number in view.owners("fee_list_d", *document)}
        lines: dict[tuple[str, str], Line] = {}
        for person in sorted(persons):
            lines.update({(line.institution, line.id): line for line in facts_of(person).lines if (line.institution, line.id) in documents})
        standing = sales(sold, returned, lines, lookups.person_map)
        hits = self._engine.evaluate(PartitionFacts(sales=standing)).hits
        return self._proven(assemble(self.rules, hits), _Known(sold=standing))

    def _proven(self, found: Sequence[Finding], known: _Known) -> list[Finding]:
        if not found:
            return []
        gated = pass_gate(found, self.rules, self._reference, known)
        for refused in gated.refused:
            log.error("finding refused", rule_id=refused.finding.rule_id, finding_id=refused.finding.finding_id, reason=refused.reason)
        return list(gated.proven)


def _items_with_usual_price(rules: Sequence[RuleSpec], points: PointBase) -> frozenset[str] | None:
    """Items that a rule which reads the usual price can look at; None: any."""
    items: set[str] = set()
    for rule in rules:
        nodes = (node for part in rule.expressions() for node in part.walk())
        if not any(isinstance(node, x.Field) and node.name.endswith("usual_price") for node in nodes):
            continue
        if rule.knowledge is None:
            return None
        items |= {item for class_no, _, item in points.by_code if class_no == rule.knowledge.class_no}
    return frozenset(items)

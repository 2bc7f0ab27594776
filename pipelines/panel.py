"""A panel of reviewers, simulated: decides cases of a demonstration from its injected truth, with an error rate that is stated.

Only here does a decision come from the truth, and every one of them says so (`simulated`). The panel sees two samples: a random share of
all waiting cases (`random`), and the top of the queue (`top`). Only the random one gives an unbiased precision: the top of a queue is
where the queue expects to be right. What is drawn and where the panel errs depend on a hash of seed and identity, not on any order.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xiezhi.domain.actor import Actor, Role, Scope
from xiezhi.domain.case import Case, CaseLine, Decision, LineId
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.credit import Scheme
from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.finding import VERDICT_RANK
from xiezhi.domain.interval import wilson
from xiezhi.domain.queue import QueueFilter
from xiezhi.services.case_store import CaseStore
from xiezhi.services.decide_case import decide_many
from xiezhi.services.queue import MOST

PANEL = Actor("simulated-panel", Role.REVIEWER, Scope.all())
"""Who decides; it has no account, so nobody can sign in as the panel."""
RANDOM, TOP = "random", "top"
_REASON = {Decision.CONFIRMED: "records_checked", Decision.REFUTED: "clinical_evidence"}


@dataclass(frozen=True)
class Truth:
    """What was injected: fee lines (institution, number), stays, institutions and practitioners of any scheme."""

    lines: frozenset[tuple[str, str]]
    stays: frozenset[str]
    institutions: frozenset[str]
    practitioners: frozenset[str]

    def holds(self, case: Case, line: CaseLine) -> bool:
        """Whether a line of a case is truly wrong: the fee line or its stay was injected.

        A line that stands for a whole finding is judged by its stay, or without one by the practitioner or institution it is about.
        """
        institution, mark, number = line.line_id.partition(":")  # a line of another institution is written CODE:NUMBER
        fee_line = (institution, number) if mark else (case.key.institution_code, line.line_id)
        if line.line_id and fee_line in self.lines:
            return True
        if case.key.encounter_id:
            return case.key.encounter_id in self.stays
        if line.line_id:
            return False
        return line.practitioner_code in self.practitioners if line.practitioner_code else case.key.institution_code in self.institutions


@dataclass(frozen=True, slots=True)
class Precision:
    """Findings of one verdict in the random sample: decided, confirmed (at least one line), and the 95 % interval of their share."""

    verdict: str
    findings: int
    confirmed: int
    low: float
    high: float


@dataclass(frozen=True)
class PanelResult:
    """What the panel did.

    Attributes:
        waiting: cases that waited before. `cases` those decided, by sample. `lines` decided lines by sample and decision.
        outcomes: closed cases by outcome.
        flipped: lines that were decided wrongly on purpose.
        precision: by verdict, from the random sample alone; findings of one case count one by one.
    """

    waiting: int
    cases: Mapping[str, int]
    lines: Mapping[str, Mapping[str, int]]
    outcomes: Mapping[str, int]
    flipped: int
    precision: tuple[Precision, ...]


def read_truth(folder: Path) -> Truth:
    """The truth that `xiezhi simulate --truth` wrote.

    Raises:
        XiezhiError: a file is missing.
    """

    def table(name: str) -> list[dict[str, str]]:
        path = folder / name
        if not path.is_file():
            raise XiezhiError.of("no truth file", path=str(path), todo="write it with `xiezhi simulate --truth DIR`")
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    lines = frozenset((row["fixmedins_code"], row["bkkp_sn"]) for row in table("truth_lines.csv"))
    entities: dict[str, set[str]] = defaultdict(set)
    for row in table("truth_entities.csv"):
        entities[row["kind"]].add(row["id"])
    return Truth(lines, *(frozenset(entities[kind]) for kind in ("stay", "institution", "practitioner")))


def chance(seed: int, *names: str) -> float:
    """A number in [0, 1) that depends on its arguments alone.

    >>> chance(1, "a") == chance(1, "a") != chance(2, "a")
    True
    """
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def draw(store: CaseStore, share: float, top: int, seed: int) -> tuple[int, dict[str, str]]:
    """How many cases wait, and the sample of each chosen one; a case of both samples is of the random one."""
    with store.write() as unit:
        waiting = unit.open_case_ids(PANEL.scope)
    ranked: list[str] = []
    after: tuple[int, str] | None = None
    while len(ranked) < top:
        page = store.queue(PANEL.scope, QueueFilter(), after, min(MOST, top - len(ranked)))
        if not page:
            break
        ranked += [row.case_id for row in page]
        after = page[-1].priority, page[-1].case_id
    chosen = dict.fromkeys(ranked, TOP) | {case: RANDOM for case in waiting if chance(seed, "draw", case) < share}
    return len(waiting), dict(sorted(chosen.items()))


def verdicts_of(case: Case, truth: Truth, sample: str, error: float, seed: int) -> tuple[dict[LineId, Verdict], int]:
    """What the panel says about the undecided lines of a case, and how many of its answers are wrong on purpose."""
    found: dict[LineId, Verdict] = {}
    flipped = 0
    for line in case.undecided:
        wrong = chance(seed, "err", case.case_id, *line.key) < error
        flipped += wrong
        decision = Decision.CONFIRMED if truth.holds(case, line) is not wrong else Decision.REFUTED
        found[line.key] = Verdict(decision, _REASON[decision], f"模拟审核，设定错误率 simulated, error rate {error:g}", True, sample)
    return found, flipped


def run_panel(
    store: CaseStore, scheme: Scheme, truth: Truth, *, share: float, top: int, error: float, seed: int, at: datetime
) -> PanelResult:
    """Decide the two samples. Decided cases do not wait any more: running again decides only what came since, and the next of the top."""
    waiting, chosen = draw(store, share, top, seed)
    with store.write() as unit:
        cases = unit.cases(PANEL.scope, list(chosen))
    said: dict[str, dict[LineId, Verdict]] = {}
    flipped = 0
    for case_id in chosen:
        said[case_id], wrong = verdicts_of(cases[case_id], truth, chosen[case_id], error, seed)
        flipped += wrong
    said = {case_id: each for case_id, each in said.items() if each}
    closed = decide_many(store, scheme, PANEL, said, at)
    lines: dict[str, Counter[str]] = {RANDOM: Counter(), TOP: Counter()}
    for case_id, verdicts in said.items():
        lines[chosen[case_id]].update(each.decision.value for each in verdicts.values())
    counts = Counter(chosen[case_id] for case_id in said)
    outcomes = Counter(case.outcome.value for case in closed if case.outcome)
    drawn = [case for case in closed if chosen[case.case_id] == RANDOM]
    return PanelResult(
        waiting,
        {RANDOM: counts[RANDOM], TOP: counts[TOP]},
        {sample: dict(sorted(each.items())) for sample, each in lines.items()},
        dict(sorted(outcomes.items())),
        flipped,
        precision_of(drawn),
    )


def precision_of(cases: Iterable[Case]) -> tuple[Precision, ...]:
    """Precision by verdict over the findings of decided cases; what is inconclusive is left out."""
    decided: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        for line in case.present:
            if line.decision in (Decision.CONFIRMED, Decision.REFUTED):
                decided[line.verdict][line.finding_id].append(line.decision is Decision.CONFIRMED)
    found: Sequence[str] = sorted(decided, key=VERDICT_RANK.__getitem__)
    counts = {verdict: (len(decided[verdict]), sum(any(each) for each in decided[verdict].values())) for verdict in found}
    return tuple(Precision(verdict, n, hits, *wilson(hits, n)) for verdict, (n, hits) in counts.items())

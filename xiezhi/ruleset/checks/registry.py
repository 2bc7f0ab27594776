"""All checks, and the run of them over a rule base."""

from __future__ import annotations

from datetime import date

from xiezhi.ruleset.checks.base import Check, Issue
from xiezhi.ruleset.checks.cases import CaseAmounts, CaseKinds, HasCases
from xiezhi.ruleset.checks.exceptions import apply_exceptions, read_exceptions
from xiezhi.ruleset.checks.files import EditorLine, LockCurrent, SchemaCurrent
from xiezhi.ruleset.checks.sources import IdOfClass, KnowledgeClass, LawHolds, UsedParameters, VerdictOfClass
from xiezhi.ruleset.checks.wording import KnownGaps, MessageNamesAmount, NeutralWords, Owner, UniqueTitles
from xiezhi.ruleset.loader import RuleBase

CHECKS: tuple[Check, ...] = (
    HasCases(),
    CaseKinds(),
    CaseAmounts(),
    Owner(),
    KnownGaps(),
    MessageNamesAmount(),
    NeutralWords(),
    UniqueTitles(),
    LawHolds(),
    IdOfClass(),
    VerdictOfClass(),
    KnowledgeClass(),
    UsedParameters(),
    LockCurrent(),
    SchemaCurrent(),
    EditorLine(),
)


def run_checks(base: RuleBase, on: date) -> list[Issue]:
    """All issues of a rule base, those excused on the day `on` left out; problems first, then warnings, in order of file.

    Raises:
        XiezhiError: the file of exceptions cannot be used.
    """
    exempt = read_exceptions(base.folder, {check.name for check in CHECKS}, base.rules)
    found = list(apply_exceptions((issue for check in CHECKS for issue in check.issues(base)), exempt, on))
    return sorted(found, key=lambda i: (i.problem.warning, i.problem.where.path, i.problem.where.line or 0, i.check, i.problem.what))

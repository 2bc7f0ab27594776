"""How far back a rule looks: the declared reach of its features, in days.

A sweep of some months leaves out candidates before it; the stream keeps history and the gateway loads it by it.
"""

from __future__ import annotations

from collections.abc import Callable

from xiezhi.ruleset import expr as x
from xiezhi.ruleset.features import CODED, FeatureNode, Related, Scope, ScopeKind
from xiezhi.ruleset.spec import RuleSpec

SpanOfPoints = Callable[[str], int | None]
"""The largest value of a limit over the rule's knowledge points, None where no point gives it."""

_FIXED = {ScopeKind.DAY: 0, ScopeKind.HOUR: 0, ScopeKind.MONTH: 31, ScopeKind.YEAR: 366}


def reach_days(rule: RuleSpec, span: SpanOfPoints) -> int | None:
    """Days before a row's date that can matter for it; 0 for rules without features, None for the whole history."""
    reaches = [feature_reach(feature, rule, span) for feature in rule.features.values()]
    return None if None in reaches else max((each for each in reaches if each is not None), default=0)


def feature_reach(feature: FeatureNode, rule: RuleSpec, span: SpanOfPoints) -> int | None:
    """The reach of one feature: of its scope, or of codes of the row itself (0); None where nothing bounds it."""
    if isinstance(feature, Related) and feature.of in CODED:
        return 0
    return None if feature.scope is None else _scope_reach(feature.scope, rule, span)


def _scope_reach(scope: Scope, rule: RuleSpec, span: SpanOfPoints) -> int | None:
    if scope.kind in _FIXED:
        return _FIXED[scope.kind]
    if scope.kind in (ScopeKind.ROLLING, ScopeKind.HOURS) and scope.size is not None:
        size = _largest(scope.size, rule, span)
        return size if size is None or scope.kind is ScopeKind.ROLLING else -(-size // 24)
    # an encounter, a prescription, a course or the scope a point names may have begun at any time
    return None


def _largest(size: x.Expr, rule: RuleSpec, span: SpanOfPoints) -> int | None:
    match size:
        case x.Literal(value=value):
            return int(value)
        case x.Point(name=name):
            return span(name) or 0
        case x.Param(name=name):
            parameter = rule.parameters[name]
            lists = [parameter.national, *parameter.regional.values()]
            return max((int(each.value) for values in lists for each in values if each.value is not None), default=0)
        case _:
            return None

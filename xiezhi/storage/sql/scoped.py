"""The scope of an organisation as SQL: every query over institutions goes through `within`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, true

from xiezhi.domain.actor import Scope, region_prefix


def within(scope: Scope, institution: ColumnElement[Any], region: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition under which a row is inside the scope; equals `Scope.allows`."""
    if scope.everything:
        return true()
    if scope.institutions:
        return institution.in_(sorted(scope.institutions))
    prefixes = sorted({region_prefix(each) for each in scope.regions if each})
    return or_(*(in_region(region, prefix) for prefix in prefixes)) if prefixes else false()


def in_region(region: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """Rows whose region begins with the prefix, as a range, which both databases compare alike whatever their collation of LIKE.

    A county is found by index. The rows of a province or prefecture would all be sorted, where a walk by priority
    soon has a page.
    """
    return region == prefix if len(prefix) == 6 else func.coalesce(region, "").between(prefix.ljust(6, "0"), prefix.ljust(6, "9"))

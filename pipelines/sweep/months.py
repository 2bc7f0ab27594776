"""Months as options."""

from __future__ import annotations

import re

from xiezhi.domain.errors import UsageError

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def month_option(name: str, text: str | None) -> int | None:
    """The month number of `YYYY-MM`; raises `UsageError` naming the option.

    >>> month_option("--from", "2026-05")
    24316
    """
    if text is None:
        return None
    match = _MONTH.match(text)
    if not match:
        raise UsageError.of(f"{name} {text}", accepted="YYYY-MM, such as 2026-05")
    return int(match.group(1)) * 12 + int(match.group(2)) - 1

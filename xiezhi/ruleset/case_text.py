"""Cases as they are written: codes keep their leading zeros, and what all cases of a rule share is said once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xiezhi.ruleset.marks import Document, PathKey


def with_written_codes(document: Document) -> Any:
    """The data of a rule file, where a number in a case that is written with a leading zero (`hosp_lv: 05`) stays the text it is.

    YAML 1.1 reads such digits as an octal number; no code means that.
    """

    def text(value: Any, at: PathKey) -> Any:
        if isinstance(value, dict):
            return {key: text(part, (*at, str(key))) for key, part in value.items()}
        if isinstance(value, list):
            return [text(part, (*at, index)) for index, part in enumerate(value)]
        written = document.marks[at].source.strip() if at in document.marks else ""
        is_code = isinstance(value, int) and not isinstance(value, bool) and written.isdigit() and len(written) > 1 and written[0] == "0"
        return written if is_code else value

    data = document.data
    if not isinstance(data, dict):
        return data
    return {key: text(value, (str(key),)) if key in ("cases", "cases_given") else value for key, value in data.items()}


def with_common(common: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a case gives, over what all cases of the rule share: single rows are merged by column, lists are replaced.

    >>> with_common({"encounter": {"gend": "1", "brdy": 1}, "lines": [1]}, {"encounter": {"gend": "2"}})
    {'encounter': {'gend': '2', 'brdy': 1}, 'lines': [1]}
    """
    merged = dict(common)
    for key, value in given.items():
        before = merged.get(key)
        merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return merged

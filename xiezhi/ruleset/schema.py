"""The JSON schema of rule files, `rules/schema/rule.schema.json`, by which editors complete keys and mark mistakes."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from xiezhi.ruleset.form import json_schema

PATH = Path("schema") / "rule.schema.json"
_MARK = "# yaml-language-server: $schema="


@cache
def schema_text() -> str:
    """The schema file as it must be."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def schema_is_current(folder: Path) -> bool:
    """Whether the schema of a rules folder is that of this program."""
    path = folder / PATH
    return path.exists() and path.read_text("utf-8") == schema_text()


def write_schema(folder: Path) -> bool:
    """Write the schema of a rules folder where it is not current; returns whether it was written."""
    if schema_is_current(folder):
        return False
    (folder / PATH).parent.mkdir(parents=True, exist_ok=True)
    (folder / PATH).write_text(schema_text(), "utf-8")
    return True


def editor_line(folder: Path, rule_file: Path) -> str:
    """The first line of a rule file, which tells editors where the schema lies.

    >>> editor_line(Path("rules"), Path("rules/catalogue/policy/drug/07_children_only.yaml"))
    '# yaml-language-server: $schema=../../../schema/rule.schema.json'
    """
    return _MARK + Path(os.path.relpath(folder / PATH, rule_file.parent)).as_posix()

"""The mapping file: names of files, columns and values of a sender translated to the national ones (YAML).

fee_list_d:
  files: ["收费明细*.csv"]            # which files hold this table, where their names do not say so
  columns: {项目编码: med_list_codg}   # column of the file: national name
  values: {med_type: {住院: "21"}}     # national name: value in the file: national value
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import yaml

from xiezhi.domain.errors import Place, Problems, UsageError
from xiezhi.domain.tables import TABLES

KEYS = ("files", "columns", "values")


@dataclass(frozen=True)
class TableMapping:
    """How a sender writes one table.

    Attributes:
        files: file name patterns (`*`, `?`).
        columns: column of the file (compared without case) to national name.
        values: national name to the values that are replaced.
    """

    files: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def national(self, name: str) -> str | None:
        """The national name of a column of the file, None where the mapping does not name it."""
        return {key.casefold(): value for key, value in self.columns.items()}.get(name.casefold())

    def aliases(self, national: str) -> list[str]:
        """The names under which the mapping looks for a national column."""
        return [key for key, value in self.columns.items() if value == national]


NO_MAPPING = TableMapping()


@dataclass(frozen=True)
class Mappings:
    """The mapping of every table that a file names."""

    tables: Mapping[str, TableMapping] = field(default_factory=dict)

    def of(self, table: str) -> TableMapping:
        """The mapping of a table, empty where there is none."""
        return self.tables.get(table, NO_MAPPING)

    def table_of(self, file_name: str) -> str | None:
        """The table whose patterns fit a file name."""
        for table, mapping in self.tables.items():
            if any(fnmatch(file_name.casefold(), pattern.casefold()) for pattern in mapping.files):
                return table
        return None


def closest(name: str, names: list[str]) -> str:
    """`the closest is …` for a message, empty where nothing is near."""
    near = difflib.get_close_matches(name.casefold(), [n.casefold() for n in names], n=1, cutoff=0.6)
    return "" if not near else f"did you mean {next(n for n in names if n.casefold() == near[0])}?"


def _text(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems = Problems()

    def complain(self, node: yaml.Node, what: str, accepted: str, todo: str = "") -> None:
        mark = node.start_mark
        self.problems.add(what, Place(str(self.path), mark.line + 1, mark.column + 1), accepted, todo)

    def pairs(self, node: yaml.Node, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if isinstance(node, yaml.MappingNode):
            return list(node.value)
        self.complain(node, f"{what} is not a table of names", "name: value")
        return []

    def table(self, name: str, node: yaml.Node) -> TableMapping:
        known = list(TABLES[name].names)
        files: list[str] = []
        columns: dict[str, str] = {}
        values: dict[str, dict[str, str]] = {}
        for key, value in self.pairs(node, name):
            match _text(key):
                case "files":
                    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
                    files += [_text(item) for item in items]
                case "columns":
                    for source, target in self.pairs(value, "columns"):
                        if _text(target) in known:
                            columns[_text(source)] = _text(target)
                        else:
                            self.complain(
                                target, f"{name} has no column {_text(target)!r}", ", ".join(known), closest(_text(target), known)
                            )
                case "values":
                    for column, table in self.pairs(value, "values"):
                        if _text(column) in known:
                            values[_text(column)] = {_text(a): _text(b) for a, b in self.pairs(table, _text(column))}
                        else:
                            self.complain(
                                column, f"{name} has no column {_text(column)!r}", ", ".join(known), closest(_text(column), known)
                            )
                case other:
                    self.complain(key, f"unknown key {other!r}", ", ".join(KEYS), closest(other, list(KEYS)))
        return TableMapping(tuple(files), columns, values)


def load_mapping(path: Path) -> Mappings:
    """Read a mapping file.

    Raises:
        UsageError: the file is missing, is no YAML, or names unknown tables, keys or columns; all problems together, with positions.
    """
    if not path.is_file():
        raise UsageError.of("the mapping file does not exist", path=str(path))
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UsageError.of(f"the mapping file is not UTF-8: {error}", path=str(path), accepted="YAML in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise UsageError.of(f"not YAML: {error.problem}", path=str(path), line=line, column=column, accepted="table: {…}") from None
    if root is None:
        return Mappings()
    reader = _Reader(path)
    tables: dict[str, TableMapping] = {}
    for key, value in reader.pairs(root, "the mapping"):
        name = _text(key)
        if name in TABLES:
            tables[name] = reader.table(name, value)
        else:
            reader.complain(key, f"unknown table {name!r}", ", ".join(TABLES), closest(name, list(TABLES)))
    if reader.problems.items:
        raise UsageError(reader.problems.items)
    return Mappings(tables)

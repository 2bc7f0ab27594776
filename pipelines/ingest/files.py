"""Which files hold which table: by file name, or by the patterns of the mapping file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.ingest.mapping import Mappings, closest
from xiezhi.domain.errors import Place, Problem, UsageError
from xiezhi.domain.tables import TABLES

SUFFIXES = (".parquet", ".csv", ".xlsx")
"""File forms that are read."""
_NAMES = re.compile(r"(?<![a-z0-9])(" + "|".join(sorted(TABLES, key=len, reverse=True)) + r")(?![a-z0-9])")


@dataclass(frozen=True)
class SourceFile:
    """One file of one table."""

    path: Path
    table: str


KNOWLEDGE = ("points.csv", "codes.csv")
"""Names of the two tables of knowledge points."""


def table_of(name: str) -> str | None:
    """The table that a file or sheet name holds as a word of its own, such as `2026-05_fee_list_d_part1.csv`; None if none or several.

    >>> table_of("fee_list_d_2026-05.CSV"), table_of("fee_lst_d.csv")
    ('fee_list_d', None)
    """
    found = set(_NAMES.findall(name.casefold()))
    return found.pop() if len(found) == 1 else None


def discover(paths: Iterable[Path], mappings: Mappings) -> tuple[list[SourceFile], list[Problem]]:
    """All files to load, table by table and then by name, and the data files whose table is not known.

    Folders are searched through, hidden files are left out. Files of other forms in a folder (a README) are not data and are passed
    over, and so are knowledge points (contracts 2.4), which `xiezhi knowledge import` reads; a file that is named itself must be data.

    Raises:
        UsageError: a path does not exist, or is a file of another form.
    """
    files: list[Path] = []
    wrong: list[Problem] = []
    for path in paths:
        if path.is_dir():
            files += [
                item
                for item in sorted(path.rglob("*"))
                if item.is_file()
                and item.suffix.casefold() in SUFFIXES
                and not item.name.startswith((".", "~$"))
                and item.name not in KNOWLEDGE
            ]
        elif not path.exists():
            wrong.append(Problem("the path does not exist", Place(str(path))))
        elif path.suffix.casefold() not in SUFFIXES:
            wrong.append(Problem("not a file form that is read", Place(str(path)), ", ".join(SUFFIXES)))
        else:
            files.append(path)
    if wrong:
        raise UsageError(wrong)
    sources: list[SourceFile] = []
    unknown: list[Problem] = []
    for path in dict.fromkeys(files):
        table = mappings.table_of(path.name) or table_of(path.stem)
        if table is not None:
            sources.append(SourceFile(path, table))
        elif path.suffix.casefold() == ".xlsx":
            sources.append(SourceFile(path, ""))
        else:
            todo = closest(path.stem, list(TABLES)) or "name it after its table or add it to the mapping file"
            unknown.append(Problem("no table is known for this file", Place(str(path)), ", ".join(TABLES), todo))
    order = {name: index for index, name in enumerate(("", *TABLES))}
    return sorted(sources, key=lambda s: (order[s.table], str(s.path))), unknown

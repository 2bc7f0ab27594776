"""The columns of one file matched to the columns of its table; every problem of a header at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.ingest.mapping import TableMapping, closest
from xiezhi.domain.errors import Place, Problem, XiezhiError
from xiezhi.domain.tables import TableSpec


@dataclass(frozen=True)
class Header:
    """A matched header.

    Attributes:
        names: the file's columns in order, as the reader names them.
        known: index in `names` to national name.
        extra: indices of unknown columns, which are kept aside.
    """

    names: tuple[str, ...]
    known: dict[int, str]
    extra: tuple[int, ...]


def match_header(spec: TableSpec, names: Sequence[str], mapping: TableMapping, file: str) -> Header:
    """Match the columns of a file, in any order and in upper or lower case; the mapping goes first.

    Raises:
        XiezhiError: required columns are missing or a column is there twice; all of the file's problems together.
    """
    national = {name.casefold(): name for name in spec.names}
    known: dict[int, str] = {}
    extra: list[int] = []
    problems: list[Problem] = []
    for index, raw in enumerate(names):
        name = raw.strip().strip("\ufeff").strip()
        target = mapping.national(name) or national.get(name.casefold())
        if target is None:
            extra.append(index)
        elif target in known.values():
            problems.append(Problem(f"column {target} is there twice ({name!r})", Place(file, 1, field=target), todo="remove one of them"))
        else:
            known[index] = target
    found = set(known.values())
    spare = [names[index].strip() for index in extra]
    for column in spec.columns:
        if column.required and column.name not in found:
            accepted = ", ".join([column.name, *mapping.aliases(column.name)])
            hint = closest(column.name, spare)
            todo = hint and hint.replace("did you mean", "is it the file's column") + " rename it or add it to the mapping file"
            problems.append(Problem(f"required column {column.name} is missing", Place(file, 1, field=column.name), accepted, todo))
    if problems:
        raise XiezhiError(problems)
    return Header(tuple(names), known, tuple(extra))

"""YAML with positions: every key and value knows its line, column and offset in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from xiezhi.domain.errors import Place, Problem, XiezhiError

MAX_BYTES = 1_000_000
"""No rule, law or parameter file is larger."""

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: the same nodes and marks, ten times as fast."""

PathKey = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """Where a value stands: 0-based offset, 1-based line and column, and its source text."""

    offset: int
    line: int
    column: int
    source: str


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data with a mark for every path."""

    path: Path
    text: str
    data: Any
    marks: Mapping[PathKey, Mark]

    def place(self, path: PathKey, field: str = "") -> Place:
        """The place of the value at a path, or of the closest enclosing one."""
        at = path
        while at and at not in self.marks:
            at = at[:-1]
        mark = self.marks.get(at)
        name = field or ".".join(str(part) for part in path)
        return Place(str(self.path), mark.line if mark else 1, mark.column if mark else 1, name)

    def place_in(self, path: PathKey, offset: int) -> Place:
        """The place `offset` characters into the text of the value at a path."""
        mark = self.marks[path]
        before = self.text[: mark.offset + offset]
        return Place(str(self.path), before.count("\n") + 1, len(before) - before.rfind("\n"), ".".join(str(part) for part in path))

    def source(self, path: PathKey) -> str:
        """The text of the value at a path as written, so that offsets are those of the file."""
        return self.marks[path].source


def read_yaml(path: Path) -> Document:
    """Read a file; raises `XiezhiError` with the position when it is not YAML, too large, or repeats a key."""
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise XiezhiError.of(f"{len(raw)} bytes", path=str(path), accepted=f"at most {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise XiezhiError.of(f"not UTF-8 at byte {error.start}", path=str(path), accepted="UTF-8", todo="save the file as UTF-8") from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Document:
    """Like `read_yaml`, for text at hand."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
            raise XiezhiError.of("an alias (*name) is used", path=str(path), accepted="plain values only: aliases can grow without bound")
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise XiezhiError.of(str(error.problem or error.context), path=str(path), line=line, column=column, accepted="YAML") from error
    except yaml.YAMLError as error:
        raise XiezhiError.of(str(error), path=str(path), accepted="YAML") from error
    marks: dict[PathKey, Mark] = {}
    problems: list[Problem] = []
    builder = yaml.SafeLoader("")
    data = _build(root, (), text, str(path), marks, problems, builder) if root is not None else None
    if problems:
        raise XiezhiError(problems)
    return Document(path, text, data, marks)


def _build(
    node: yaml.Node, at: PathKey, text: str, path: str, marks: dict[PathKey, Mark], problems: list[Problem], builder: yaml.SafeLoader
) -> Any:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        start = text.index("\n", start) + 1
    elif isinstance(node, yaml.ScalarNode) and node.style in ("'", '"'):
        start, end = start + 1, end - 1
    marks[at] = Mark(start, node.start_mark.line + 1, node.start_mark.column + 1, text[start:end])
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node, path, problems, builder)
            if key in result:
                place = Place(path, key_node.start_mark.line + 1, key_node.start_mark.column + 1, str(key))
                problems.append(Problem(f"key {key!r} stands twice", place, "each key once"))
            marks[(*at, str(key), "key")] = Mark(
                key_node.start_mark.index, key_node.start_mark.line + 1, key_node.start_mark.column + 1, str(key)
            )
            result[key] = _build(value_node, (*at, str(key)), text, path, marks, problems, builder)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*at, index), text, path, marks, problems, builder) for index, child in enumerate(node.value)]
    return _scalar(node, path, problems, builder)


def _scalar(node: yaml.Node, path: str, problems: list[Problem], builder: yaml.SafeLoader) -> Any:
    """A scalar's value by YAML's safe rules; a date that does not exist is a problem, not a crash."""
    try:
        return builder.construct_object(node, deep=True)
    except (ValueError, yaml.YAMLError) as error:
        place = Place(path, node.start_mark.line + 1, node.start_mark.column + 1)
        problems.append(Problem(f"cannot read {getattr(node, 'value', '')!r}: {error}", place, "a plain value"))
        return None

"""Positions in YAML files: every value knows where it stands, and text that is no rule file never breaks the reader."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.marks import MAX_BYTES, PathKey, parse_yaml, read_yaml

HERE = Path("a.yaml")
NAMES = st.text("abcdefgh", min_size=1, max_size=4).filter(lambda name: name not in ("y", "n"))
TREES = st.recursive(
    st.integers(-5, 5) | st.booleans() | st.text("abc 中文'\"#:", max_size=6) | st.none(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3),
    max_leaves=12,
)


@given(TREES, st.booleans())
def test_the_data_are_those_of_yaml_and_every_value_has_a_mark(tree: object, flow: bool) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow)
    document = parse_yaml(text, HERE)
    assert document.data == tree

    def look(value: object, at: PathKey) -> None:
        mark = document.marks[at]
        before = text[: mark.offset]
        assert mark.line <= before.count("\n") + 1
        assert text[mark.offset : mark.offset + len(mark.source)] == mark.source
        for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            look(part, (*at, key))

    look(tree, ())


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_yaml(text, HERE)
    except XiezhiError as error:
        told = error
    else:
        return
    assert all(problem.where.path == "a.yaml" for problem in told.problems)


@pytest.mark.parametrize(
    ("text", "told", "line", "column"),
    [
        ("a: 1\nb: [1\n", "expected", 3, 1),
        ("a: 1\na: 2\n", "stands twice", 2, 1),
        ("a: &x 1\nb: *x\n", "alias", None, None),
        ("a: 2026-02-30\n", "2026-02-30", 1, 4),
        ("a:\n\tb: 1\n", "", 2, None),
        ("a: !!python/name:os.system x\n", "", 1, 4),
    ],
)
def test_bad_yaml_is_told_with_its_place(text: str, told: str, line: int | None, column: int | None) -> None:
    with pytest.raises(XiezhiError) as caught:
        parse_yaml(text, HERE)
    problem = caught.value.problems[0]
    assert told in problem.what
    assert line is None or problem.where.line == line
    assert column is None or problem.where.column == column


def test_a_place_inside_a_folded_text_is_that_of_the_file() -> None:
    text = "when: >-\n  one and\n  two\n"
    document = parse_yaml(text, HERE)
    place = document.place_in(("when",), document.source(("when",)).index("two"))
    assert (place.line, place.column) == (3, 3)


def test_what_is_too_large_or_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("a: 中".encode("gb18030"))
    with pytest.raises(XiezhiError, match="not UTF-8"):
        read_yaml(file)
    file.write_bytes(b"a: " + b"x" * MAX_BYTES)
    with pytest.raises(XiezhiError, match="bytes"):
        read_yaml(file)

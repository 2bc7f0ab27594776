"""The curated points that ship with the product: `rules/knowledge/*.csv`, or their copy inside the wheel."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from xiezhi.domain.errors import XiezhiError
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.ruleset.knowledge.report import Reading

FileState = tuple[str, int, int]
"""Path, time of change (ns) and size (bytes) of a file."""


def bundled_files(rules_dir: Path) -> tuple[FileState, ...]:
    """The files of curated points and their state, to see cheaply whether anything changed."""
    files = sorted((rules_dir / "knowledge").glob("*.csv"))
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def bundled_points(rules_dir: Path) -> Reading:
    """The points of `rules_dir/knowledge`; read once for each state of the files.

    Raises:
        XiezhiError: a shipped point is wrong (all problems at once).
    """
    return _read(bundled_files(rules_dir))


@lru_cache(maxsize=4)
def _read(files: tuple[FileState, ...]) -> Reading:
    reading = read_points([Path(name) for name, _, _ in files])
    if reading.rejects:
        raise XiezhiError(problem for reject in reading.rejects for problem in reject.problems)
    return reading

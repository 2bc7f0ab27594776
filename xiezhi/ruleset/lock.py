"""The lock of the rule base: which version of a rule has which content, so that no rule changes without a new version.

`rules.lock` is a JSON object, sorted: rule id to `version`, `hash` (of the content without version, status and cases), `status`, `path`.
An id never leaves the lock: rules retire, they are not deleted, and an id is not used again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiezhi.domain.errors import Place, Problem, XiezhiError
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.spec import RuleSpec

NAME = "rules.lock"
_VERSION = re.compile(r"^(version:[ \t]*)(\d+)", re.MULTILINE)
_TODO = "xiezhi rules lock"


@dataclass(frozen=True)
class Locked:
    """One entry of the lock."""

    version: int
    hash: str
    status: str
    path: str


def read_lock(folder: Path) -> dict[str, Locked]:
    """The lock of a rules folder, empty where there is none; raises `XiezhiError` where it cannot be read."""
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        data: Any = json.loads(path.read_text("utf-8"))
        return {str(rule_id): Locked(**entry) for rule_id, entry in data.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise XiezhiError.of(f"not a lock: {error}", path=str(path), accepted="as written by xiezhi rules lock") from error


def lock_text(entries: Mapping[str, Locked]) -> str:
    """The file of a lock, sorted by id."""
    return json.dumps({rule_id: vars(entry) for rule_id, entry in sorted(entries.items())}, ensure_ascii=False, indent=2) + "\n"


def next_version(rule: RuleSpec, locked: Locked | None) -> int:
    """The version a rule must have: its own for a new rule, else the locked one, one higher where the content differs."""
    if locked is None:
        return rule.version
    return locked.version if rule.hash == locked.hash else locked.version + 1


def entry_of(rule: RuleSpec, folder: Path, version: int) -> Locked:
    """The entry of a rule."""
    return Locked(version, rule.hash, rule.status, Path(rule.path).relative_to(folder).as_posix())


def lock_problems(base: RuleBase) -> list[Problem]:
    """What of the lock is not current, each with the place and what to do."""
    locked = read_lock(base.folder)
    problems = []
    for rule_id, rule in sorted(base.rules.items()):
        before, wanted = locked.get(rule_id), next_version(rule, locked.get(rule_id))
        place = Place(rule.path, field="version")
        if before is None:
            problems.append(Problem(f"{rule_id} 不在锁文件中 is not in {NAME}", place, todo=_TODO))
        elif rule.version != wanted:
            what = f"version is {rule.version}, the lock has {before.version} with " + ("other" if before.hash != rule.hash else "this")
            problems.append(Problem(f"{rule_id}: 版本与内容不符 {what} content", place, f"version: {wanted}", _TODO))
        elif before != entry_of(rule, base.folder, wanted):
            problems.append(Problem(f"{rule_id}: 锁文件已过时 the status or path in {NAME} is not current", place, todo=_TODO))
    problems += [_gone(base.folder, rule_id, entry) for rule_id, entry in sorted(locked.items()) if rule_id not in base.rules]
    return problems


def _gone(folder: Path, rule_id: str, entry: Locked) -> Problem:
    return Problem(
        f"{rule_id} 已从规则库消失 is in the lock and not in the rule base",
        Place(str(folder / entry.path)),
        "rules retire (status: retired), they are not deleted",
        "put the file back",
    )


def write_lock(base: RuleBase) -> list[tuple[str, int, int]]:
    """Bring versions and lock up to date; returns what changed as (rule id, version before, version now), 0 for a new rule.

    Only the number after `version:` is edited in a rule file. Raises `XiezhiError` where a locked rule has disappeared.
    """
    locked = read_lock(base.folder)
    gone = [_gone(base.folder, rule_id, entry) for rule_id, entry in sorted(locked.items()) if rule_id not in base.rules]
    if gone:
        raise XiezhiError(gone)
    changed, entries = [], {}
    for rule_id, rule in sorted(base.rules.items()):
        before = locked.get(rule_id)
        version = next_version(rule, before)
        if version != rule.version:
            path = Path(rule.path)
            path.write_bytes(_VERSION.sub(rf"\g<1>{version}", path.read_bytes().decode("utf-8"), count=1).encode())
        entries[rule_id] = entry_of(rule, base.folder, version)
        if before is None or before.version != version:
            changed.append((rule_id, before.version if before else 0, version))
    text = lock_text(entries)
    path = base.folder / NAME
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    return changed

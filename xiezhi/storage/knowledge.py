"""The knowledge base on disk: imported points as Parquet below the home folder, merged with the curated ones.

Every state of the imported points is a folder of its own, named by the hash of its content, and a small file says which
one holds: a reader sees the old state or the new one, never half of it, and an old sweep can be repeated.
"""

# pyright: basic, reportAttributeAccessIssue=false
# pyarrow ships no types: its tables are unknown to pyright, and its compute functions are made at run time.

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xiezhi.domain.errors import Place, Problem
from xiezhi.domain.knowledge import LIMIT_FIELDS, KnowledgePoint
from xiezhi.ruleset.knowledge.bundled import FileState, bundled_files, bundled_points
from xiezhi.ruleset.knowledge.chains import Chains, Link, chain_ends
from xiezhi.ruleset.knowledge.merge import Contradiction, merge
from xiezhi.ruleset.knowledge.report import ImportReport, Reading, Reject, not_coded
from xiezhi.storage.knowledge_conflicts import conflict_warnings
from xiezhi.storage.knowledge_tables import CATEGORY, CODES_SCHEMA, POINTS_SCHEMA, to_points, to_tables, with_ends

_TEXT_COLUMNS = ("kp_id", "class_no", "item_name", "constraint", "valid_from", "valid_to", "region")
POINT_COLUMNS = (*_TEXT_COLUMNS, *LIMIT_FIELDS, "count_a", "count_b")
"""Columns of the points table that rules are joined with."""


class Snapshot:
    """One state of the knowledge base, read once; cheap to keep, columnar throughout.

    Attributes:
        points: all points (`POINTS_SCHEMA`), `valid_to` with the ends that follow from successors.
        codes: all codes (`CODES_SCHEMA`).
        chains: what supersedes what.
    """

    def __init__(self, points: pa.Table, codes: pa.Table) -> None:
        linked = points.filter(pc.greater(pc.list_value_length(points.column("supersedes")), 0))
        columns = ("kp_id", "valid_from", "region", "supersedes")
        links = [
            Link(row["kp_id"], row["valid_from"], row["region"], tuple(row["supersedes"])) for row in linked.select(columns).to_pylist()
        ]
        named = pa.array(sorted({old for link in links for old in link.supersedes}), pa.string())
        known = points.filter(pc.is_in(points.column("kp_id"), value_set=named)).select(("kp_id", "region"))
        self.chains: Chains = chain_ends(links, dict(zip(*known.to_pydict().values(), strict=True)))
        self.stated = points
        self.points = with_ends(points, {old: end for old, (end, _) in self.chains.ends.items()})
        self.codes = codes

    @cached_property
    def version(self) -> str:
        """Hash of all that decides findings; independent of the order in which points came in."""
        rows = self.points.select(("kp_id", "content_hash", "valid_to")).sort_by("kp_id")
        ends = pc.fill_null(rows.column("valid_to").cast(pa.string()), "")
        lines = pc.binary_join_element_wise(rows.column("kp_id"), rows.column("content_hash"), ends, "|")
        return hashlib.sha256("\n".join(lines.to_pylist()).encode()).hexdigest()[:16]


class KnowledgeBase:
    """Curated and imported knowledge points.

    Args:
        home: the folder below which everything is written (`XIEZHI_HOME`); the points lie in `home/knowledge`.
        rules_dir: the rule base, whose `knowledge/*.csv` are the curated points; None = imported points only.
    """

    def __init__(self, home: Path, rules_dir: Path | None = None) -> None:
        self.folder = home / "knowledge"
        self.rules_dir = rules_dir
        self._kept: tuple[tuple[str | None, tuple[FileState, ...]], Snapshot] | None = None

    def add(self, reading: Reading) -> ImportReport:
        """Takes in what was read; idempotent, and the result does not depend on the order of imports.

        A point that is there already with other content is refused; a coded statement of a point that was text only
        completes it. The change is atomic, and imports at the same time wait for each other.
        """
        with self._locked():
            before = self._imported()
            state = self._merged(before)
            ids = pa.array([each.kp_id for each in reading.points], pa.string())
            present = {each.kp_id: each for each in self._points_of(state.stated, state.codes, ids)}
            kept: dict[str, KnowledgePoint] = {}
            rejects = list(reading.rejects)
            counts = {"imported": 0, "completed": 0, "unchanged": 0}
            for point in reading.points:
                old = kept.get(point.kp_id, present.get(point.kp_id))
                try:
                    merged = merge(old, point) if old else point
                except Contradiction as error:
                    what = f"与已有知识点内容不同 {point.kp_id} is known with other content: {error}"
                    rejects.append(Reject(point.kp_id, (Problem(what, reading.places.get(point.kp_id, Place())),)))
                    continue
                counts["imported" if old is None else "completed" if merged.coded and not old.coded else "unchanged"] += 1
                if old is None or merged != old:
                    kept[point.kp_id] = merged
            if kept:
                self._write(before, kept)
        after = self.snapshot() if kept else state
        taken = frozenset(each.kp_id for each in reading.points) - {each.kp_id for each in rejects}
        closed = tuple(sorted((old, new) for old, (end, new) in after.chains.ends.items() if state.chains.ends.get(old) != (end, new)))
        warnings = [*reading.warnings, *after.chains.warnings(taken, reading.places)]
        warnings += conflict_warnings(after.points, after.codes, sorted(kept), reading.places)
        text_only = [each for each in (kept.get(point.kp_id, present.get(point.kp_id)) for point in reading.points) if each]
        return ImportReport(
            reading.read,
            counts["imported"],
            counts["completed"],
            counts["unchanged"],
            closed,
            not_coded([each for each in text_only if each.kp_id in taken]),
            tuple(rejects),
            tuple(warnings),
        )

    def snapshot(self) -> Snapshot:
        """The present state; read again only after it has changed."""
        key = (self._current(), bundled_files(self.rules_dir) if self.rules_dir is not None else ())
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, self._merged(self._imported()))
        return self._kept[1]

    def points(self, kp_ids: Iterable[str] | None = None) -> list[KnowledgePoint]:
        """All points by kp_id, or those of `kp_ids` that there are; `valid_to` is the last day in force, successors worked in."""
        state = self.snapshot()
        if kp_ids is not None:
            return self._points_of(state.points, state.codes, pa.array(list(kp_ids), pa.string()))
        return to_points(state.points.sort_by("kp_id"), state.codes)

    def version(self) -> str:
        """Hash of the content (imported and curated), the knowledge version on every finding."""
        return self.snapshot().version

    def arrow(self) -> tuple[pa.Table, pa.Table]:
        """`(points, codes)` of the coded points, to join claims with.

        points: `POINT_COLUMNS`; dates as DATE (valid_to NULL = open), limits as BIGINT (units of `Limit`) or VARCHAR,
        count_a and count_b the numbers of distinct codes by role. codes: kp_id, class_no, role, code, is_prefix (the
        code is a category and covers all codes that begin with it).
        """
        state = self.snapshot()
        points = state.points.filter(state.points.column("coded")).select(POINT_COLUMNS)
        codes = state.codes.filter(state.codes.column("coded")).select(("kp_id", "class_no", "role", "code"))
        return points, codes.append_column("is_prefix", pc.match_substring_regex(codes.column("code"), CATEGORY))

    def successor(self, kp_id: str) -> str | None:
        """The point that replaces `kp_id`, None where none does."""
        end = self.snapshot().chains.ends.get(kp_id)
        return end[1] if end else None

    def _points_of(self, points: pa.Table, codes: pa.Table, ids: pa.Array) -> list[KnowledgePoint]:
        chosen = points.filter(pc.is_in(points.column("kp_id"), value_set=ids)).sort_by("kp_id")
        return to_points(chosen, codes.filter(pc.is_in(codes.column("kp_id"), value_set=ids)))

    def _merged(self, imported: tuple[pa.Table, pa.Table]) -> Snapshot:
        """Imported points, and the curated ones that were not imported under the same kp_id."""
        points, codes = imported
        if self.rules_dir is not None:
            curated = bundled_points(self.rules_dir).points
            if curated:
                there = set(points.column("kp_id").to_pylist()) & {each.kp_id for each in curated}
                more_points, more_codes = to_tables(each for each in curated if each.kp_id not in there)
                points, codes = pa.concat_tables([points, more_points]), pa.concat_tables([codes, more_codes])
        return Snapshot(points, codes)

    def _current(self) -> str | None:
        try:
            return str(json.loads((self.folder / "current.json").read_text("utf-8"))["state"])
        except FileNotFoundError:
            return None

    def _imported(self) -> tuple[pa.Table, pa.Table]:
        state = self._current()
        if state is None:
            return POINTS_SCHEMA.empty_table(), CODES_SCHEMA.empty_table()
        folder = self.folder / "states" / state
        return pq.read_table(folder / "points.parquet"), pq.read_table(folder / "codes.parquet")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, before: tuple[pa.Table, pa.Table], kept: Mapping[str, KnowledgePoint]) -> None:
        """Writes the new state next to the old one, then points to it in one step."""
        ids = pa.array(list(kept), pa.string())
        tables = []
        for old, new in zip(before, to_tables(kept.values()), strict=True):
            rest = old.filter(pc.invert(pc.is_in(old.column("kp_id"), value_set=ids)))
            tables.append(pa.concat_tables([rest, new]))
        points, codes = (
            tables[0].sort_by("kp_id"),
            tables[1].sort_by([("kp_id", "ascending"), ("role", "ascending"), ("code", "ascending")]),
        )
        draft = self.folder / "states" / f".{uuid.uuid4().hex}"
        draft.mkdir(parents=True)
        digest = hashlib.sha256()
        for table, name in ((points, "points.parquet"), (codes, "codes.parquet")):
            pq.write_table(table, draft / name, compression="zstd")
            digest.update(_flushed(draft / name))
        state = digest.hexdigest()[:16]
        folder = self.folder / "states" / state
        if folder.exists():
            shutil.rmtree(draft)
        else:
            os.replace(draft, folder)
        pointer = self.folder / "current.json.new"
        pointer.write_text(json.dumps({"state": state, "points": points.num_rows, "codes": codes.num_rows}), "utf-8")
        _flushed(pointer)
        os.replace(pointer, self.folder / "current.json")


def _flushed(path: Path) -> bytes:
    """The bytes of a file, after they are safely on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file.read()

"""The history in LMDB: all stored versions of all persons' rows, and what lies across persons (`xiezhi.ports.HistoryStore`).

One key a row, sorted by person number, so that a person is one run of neighbouring keys: adding a row rewrites nothing, however long
the person's life, and reading a person is one pass. Writers (the stream) and readers (the gateway) may be different processes of one
machine; a reader sees the last committed state. The history is never the only copy: it can be built anew by `xiezhi replay store`.

Indexes say whom a change touches: `i` institution, `d` practitioner at an institution, `u` watched item at an institution, `n` line that
a refund names, all to person numbers; `t` fee line and `q` person number to trace codes; `m` number to the numbers merged into it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import lmdb

from xiezhi.domain.errors import UsageError, XiezhiError
from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.domain.versions import Row
from xiezhi.storage.lmdb_codec import CODES, COLUMNS, FORMAT, decode_row, key, part

IDENTITY = {"fee_list_d": ("fixmedins_code", "bkkp_sn"), "mdtrt_d": ("mdtrt_id",), "setl_d": ("setl_id",)}
"""Tables of a person whose rows other persons may hold versions of."""
DATABASES = (
    "rows",
    "owners",
    "index",
    "diagnoses",
    "registry",
    "traces",
    "seen",
    "prices",
    "state",
    "findings",
    "open",
    "dirty",
    "outbox",
    "meta",
)
FIRST_MAP_BYTES = 1 << 30
EARLIEST, DATE_BASE = b"D", 10_000_000
"""Keys of the earliest service dates of persons: this, the day number plus the base (so that texts sort), the person."""
STAMP = b"S"
"""Keys of the transactions that last touched persons: this, the person."""
Key = TypeVar("Key")
Value = TypeVar("Value")


class Lazy(Mapping[Key, Value]):
    """A mapping whose values are looked up when they are asked for, each once."""

    def __init__(self, find: Callable[[Key], Value | None]) -> None:
        self._find = find
        self._known: dict[Key, Value | None] = {}

    def __getitem__(self, wanted: Key) -> Value:
        if wanted not in self._known:
            self._known[wanted] = self._find(wanted)
        value = self._known[wanted]
        if value is None:
            raise KeyError(wanted)
        return value

    def __iter__(self) -> Iterator[Key]:
        return iter([name for name, value in self._known.items() if value is not None])

    def __len__(self) -> int:
        return len(list(iter(self)))


class LmdbHistory:
    """The history below a folder.

    Args:
        folder: made when it is missing, unless `readonly`.
        readonly: open for a reader; it never waits for the writer.

    Raises:
        UsageError: there is no history yet (readonly), or it was written by another release.
    """

    def __init__(self, folder: Path, *, readonly: bool = False) -> None:
        if readonly and not (folder / "data.mdb").exists():
            raise UsageError.of("还没有参保人历史 there is no history yet", path=str(folder), todo="xiezhi stream")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.readonly = folder, readonly
        self.env = lmdb.open(str(folder), map_size=FIRST_MAP_BYTES, max_dbs=len(DATABASES), readonly=readonly, max_readers=512)
        self.databases = {name: self.env.open_db(name.encode(), create=not readonly) for name in DATABASES}
        self._check_format()

    def _check_format(self) -> None:
        with self.env.begin(write=not self.readonly) as txn:
            meta = self.databases["meta"]
            found = txn.get(b"format", db=meta)
            if found is None and not self.readonly:
                txn.put(b"format", FORMAT.encode(), db=meta)
                txn.put(b"id", uuid.uuid4().hex.encode(), db=meta)
            elif found is None or bytes(found).decode() != FORMAT:
                raise XiezhiError.of(
                    "参保人历史由其他版本写成 the history was written by another release",
                    path=str(self.folder),
                    todo="delete the folder and run: xiezhi replay store",
                )

    def reading(self) -> View:
        """A view of the last committed state; use it as a context."""
        try:
            return View(self, self.env.begin())
        except lmdb.MapResizedError:  # the writer made room
            self.env.set_mapsize(0)
            return View(self, self.env.begin())

    def writing(self) -> lmdb.Transaction:
        """The one write transaction; another writer waits for its end."""
        return self.env.begin(write=True)

    def grow(self) -> None:
        """Make room for twice as much; no transaction may be open."""
        self.env.set_mapsize(self.env.info()["map_size"] * 2)

    def raw_person(self, person: str) -> RawPerson | None:
        """All stored versions of the rows of a person, by present or old number; None where there is none."""
        with self.reading() as view:
            raw = view.raw_person(view.person_of(person))
        return raw if raw.lines or raw.encounters or raw.settlements else None

    def stamp(self, person: str) -> bytes:
        """The present number and the transaction that last touched anything its facts are made of; the earliest date is not in it."""
        with self.reading() as view:
            present = view.person_of(person)
            return part(present) + b"\0" + (view.get("state", STAMP + part(present)) or b"")

    def lookups(self) -> Lookups:
        """What lies across persons, looked up when it is asked for, in the state of that moment."""

        def find(method: str) -> Callable[..., object]:
            def found(*wanted: object) -> object:
                with self.reading() as view:
                    return getattr(view, method)(*wanted)

            return found

        with self.reading() as view:
            earliest = view.earliest_date()
        return lookups_of(find, earliest)

    def close(self) -> None:
        """Let go of the files."""
        self.env.close()


def lookups_of(find: Callable[[str], Callable[..., object]], earliest: int | None) -> Lookups:
    """Lookups over the finders of a `View`, by name of the method."""
    moved, institution, staff, price, owner = (find(name) for name in ("moved_to", "institution", "staff", "usual_price", "line_owner"))
    return Lookups(
        person_map=Lazy(moved),  # type: ignore[arg-type]
        institutions=Lazy(institution),  # type: ignore[arg-type]
        staff=Lazy(lambda pair: staff(*pair)),  # type: ignore[arg-type, return-value]
        usual_prices=Lazy(lambda pair: price(*pair)),  # type: ignore[arg-type, return-value]
        line_owners=Lazy(lambda pair: owner(*pair)),  # type: ignore[arg-type, return-value]
        earliest_date=earliest,
    )


class View:
    """One consistent state of the history, for as long as its transaction lives."""

    def __init__(self, history: LmdbHistory, txn: lmdb.Transaction) -> None:
        self.history, self.txn, self.databases = history, txn, history.databases

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.txn.commit()
        else:
            self.txn.abort()

    def get(self, database: str, name: bytes) -> bytes | None:
        """A value, or None."""
        found = self.txn.get(name, db=self.databases[database])
        return None if found is None else bytes(found)

    def scan(self, database: str, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values that begin with the prefix, in order; the database must not change meanwhile."""
        with self.txn.cursor(self.databases[database]) as cursor:
            if cursor.set_range(prefix):
                for name, value in cursor:
                    if not bytes(name).startswith(prefix):
                        break
                    yield bytes(name), bytes(value)

    def members(self, kind: str, *parts: str | None) -> list[str]:
        """What an index knows under these parts."""
        return [value.decode() for _, value in self.scan("index", key(kind, *parts))]

    def owners(self, table: str, *identity: str | None) -> list[str]:
        """Person numbers that hold a version of an identity."""
        return [value.decode() for _, value in self.scan("owners", CODES[table] + key(*identity))]

    def raw_person(self, person: str) -> RawPerson:
        """All versions of the rows of a person (present number), and the versions that others hold of the same identities."""
        rows: dict[str, list[Row]] = {table: [] for table in IDENTITY}
        numbers = self.numbers_of(person)
        for number in numbers:
            for table in IDENTITY:
                rows[table] += [decode_row(table, value) for _, value in self.scan("rows", key(number) + CODES[table])]
        for table, identity in IDENTITY.items():
            for wanted in {tuple(row[name] for name in identity) for row in rows[table]}:
                holders = self.owners(table, *wanted)
                for number in set(holders) - set(numbers) if len(holders) > 1 else ():
                    of_other = (decode_row(table, value) for _, value in self.scan("rows", key(number) + CODES[table]))
                    rows[table] += [row for row in of_other if tuple(row[name] for name in identity) == wanted]
        visits = {row["mdtrt_id"] for row in rows["mdtrt_d"]}
        diagnoses = [decode_row("setl_list_diag_d", value) for visit in sorted(visits) for _, value in self.scan("diagnoses", key(visit))]
        return RawPerson(person, rows["fee_list_d"], rows["mdtrt_d"], rows["setl_d"], diagnoses)

    def lookups(self) -> Lookups:
        """What lies across persons, in this state."""
        return lookups_of(lambda name: getattr(self, name), self.earliest_date())

    def _step(self, number: str) -> str | None:
        found = self.get("registry", CODES["psn_map_d"] + key(number))
        return None if found is None else str(decode_row("psn_map_d", found)["psn_no"])

    def person_of(self, number: str) -> str:
        """The present number of a person; a cycle of merges ends at its smallest number (`versions.resolve_persons`)."""
        seen, at = [number], self._step(number)
        while at is not None and at not in seen:
            seen.append(at)
            at = self._step(at)
        return seen[-1] if at is None else min(seen[seen.index(at) :])

    def moved_to(self, number: str) -> str | None:
        """The present number of an old one, None where it was never merged."""
        person = self.person_of(number)
        return None if person == number else person

    def merged_into(self, number: str) -> set[str]:
        """All numbers whose merges lead through a number, itself among them."""
        found, todo = {number}, [number]
        while todo:
            for old in self.members("m", todo.pop()):
                if old not in found:
                    found.add(old)
                    todo.append(old)
        return found

    def numbers_of(self, person: str) -> list[str]:
        """All numbers of a person, the present one among them."""
        return sorted(number for number in self.merged_into(person) if number == person or self.person_of(number) == person)

    def institution(self, code: str) -> Row | None:
        """The newest row of an institution."""
        found = self.get("registry", CODES["medins_d"] + key(code))
        return None if found is None else decode_row("medins_d", found)

    def staff(self, practitioner: str, institution: str) -> list[Row] | None:
        """The newest rows of a practitioner at an institution."""
        rows = [decode_row("staff_d", value) for _, value in self.scan("registry", CODES["staff_d"] + key(practitioner, institution))]
        return rows or None  # type: ignore[return-value]

    def usual_price(self, institution: str, item: str) -> int | None:
        """The most frequent billed price (millionths), the higher of equals; known for watched items only."""
        best: tuple[int, int] | None = None
        for name, value in self.scan("prices", key(institution, item)):
            entry = (int(value), int(name.rsplit(b"\0", 1)[1]))
            best = entry if best is None or entry > best else best
        return None if best is None else best[1]

    def line_owner(self, institution: str, line: str) -> str | None:
        """The present person of one holder of a line identity, None where nobody holds one."""
        holders = self.owners("fee_list_d", institution, line)
        return self.person_of(holders[0]) if holders else None

    def earliest_date(self) -> int | None:
        """The first service date of all persons."""
        first = next(self.scan("state", EARLIEST), None)
        return None if first is None else int(first[0][len(EARLIEST) :].split(b"\0", 1)[0]) - DATE_BASE

    def trace_rows(self, trace: str) -> tuple[list[Row], list[Row]]:
        """All versions of the sales and returns of a trace code."""
        rows: dict[str, list[Row]] = {"fsi_3505": [], "fsi_3506": []}
        for table, found in rows.items():
            found += [decode_row(table, value) for _, value in self.scan("traces", key(trace) + CODES[table])]
        return rows["fsi_3505"], rows["fsi_3506"]


__all__ = ["COLUMNS", "IDENTITY", "LmdbHistory", "View"]

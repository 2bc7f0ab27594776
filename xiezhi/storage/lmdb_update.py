"""One write transaction over the history: rows are added, and everyone whose facts they touch is marked to be judged again.

Marks ("dirty") are `P` + person or `T` + trace code. They are part of the transaction, so a crash loses none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from xiezhi.domain.facts import PersonFacts
from xiezhi.domain.tables import TABLES
from xiezhi.domain.versions import Row, version_key
from xiezhi.storage.lmdb_codec import CODES, decode_row, encode_row, key, part
from xiezhi.storage.lmdb_history import DATE_BASE, EARLIEST, IDENTITY, STAMP, LmdbHistory, View

PERSON, TRACE = "P", "T"
_REGISTRY = {table: TABLES[table].identity for table in ("medins_d", "staff_d", "psn_map_d")}


class Update(View):
    """A view that also writes; what it did counts when its context ends without an error."""

    def __init__(self, history: LmdbHistory, watched: Callable[[str], bool]) -> None:
        super().__init__(history, history.writing())
        self._watched = watched

    def put(self, database: str, name: bytes, value: bytes = b"") -> bool:
        """Store a value; false where the same was there."""
        if self.get(database, name) == value:
            return False
        self.txn.put(name, value, db=self.databases[database])
        return True

    def delete(self, database: str, name: bytes) -> None:
        """Take a key away, if it is there."""
        self.txn.delete(name, db=self.databases[database])

    def mark(self, kind: str, name: str) -> None:
        """Have a person (any number of theirs) or a trace code judged again."""
        if kind == PERSON:
            name = self.person_of(name)
            self._stamp(name)
        self.put("dirty", kind.encode() + part(name), name.encode())

    def _stamp(self, person: str) -> None:
        """Tell readers who keep facts of the person that they are of the past."""
        self.put("state", STAMP + part(person), str(self.txn.id()).encode())

    def is_marked(self, kind: str, name: str) -> bool:
        """Whether a person or trace code is yet to be judged."""
        return self.get("dirty", kind.encode() + part(name)) is not None

    def mark_all(self) -> None:
        """Have everyone and every trace code judged again: rules or knowledge points changed."""
        for database, kind in (("rows", PERSON), ("traces", TRACE)):
            with self.txn.cursor(self.databases[database]) as cursor:
                found = cursor.first()
                while found:
                    start = bytes(cursor.key()).split(b"\0", 1)[0]
                    row = decode_row(_table_of(bytes(cursor.key()), start), bytes(cursor.value()))
                    self.mark(kind, row["psn_no"] if kind == PERSON else row["drug_trac_codg"])
                    found = cursor.set_range(start + b"\1")

    def next_marked(self) -> tuple[str, str] | None:
        """Take the next mark away and return it; persons come before trace codes."""
        first = next(self.scan("dirty", b""), None)
        if first is None:
            return None
        self.delete("dirty", first[0])
        return first[0][:1].decode(), first[1].decode()

    def add(self, table: str, row: Row) -> bool:
        """Add one version of one row and mark whom it touches; false where the same content was there (they are marked all the same)."""
        if table in IDENTITY:
            return self._add_of_person(table, row)
        if table == "setl_list_diag_d":
            return self._add_diagnosis(row)
        if table in _REGISTRY:
            return self._add_registry(table, row)
        if table in ("fsi_3505", "fsi_3506") and row.get("drug_trac_codg"):
            return self._add_trace(table, row)
        return self._unseen(table, row)

    def _unseen(self, table: str, row: Row) -> bool:
        return self.put("seen", table.encode() + bytes.fromhex(row["content_hash"]))

    def _member(self, kind: str, parts: Iterable[str | None], member: str) -> bool:
        return self.put("index", key(kind, *parts) + part(member), member.encode())

    def _add_of_person(self, table: str, row: Row) -> bool:
        number = row["psn_no"]
        self.mark(PERSON, number)
        if not self.put("rows", key(number) + CODES[table] + bytes.fromhex(row["content_hash"]), encode_row(table, row)):
            return False
        identity = [row[name] for name in IDENTITY[table]]
        before = self.owners(table, *identity)
        for other in before:
            self.mark(PERSON, other)
        if number not in before:
            self.put("owners", CODES[table] + key(*identity) + part(number), number.encode())
        if table != "setl_d":
            self._member("i", [row["fixmedins_code"]], number)
        if table == "fee_list_d":
            self._index_line(row, number, first=not before)
        return True

    def _index_line(self, row: Row, number: str, *, first: bool) -> None:
        place, line = row["fixmedins_code"], row["bkkp_sn"]
        if first:  # a refund that was pending now names a line of somebody
            for waiting in self.members("n", place, line):
                self.mark(PERSON, waiting)
        if self._watched(row["med_list_codg"]):  # refunds and lines that nobody judged yet follow the usual price too
            self._member("u", [place, row["med_list_codg"]], number)
        if row.get("bilg_dr_code"):
            self._member("d", [row["bilg_dr_code"], place], number)
        if row["cnt"] < 0 and row.get("init_feedetl_sn"):
            self._member("n", [place, row["init_feedetl_sn"]], number)

    def _add_diagnosis(self, row: Row) -> bool:
        for owner in self.owners("mdtrt_d", row["mdtrt_id"]):
            self.mark(PERSON, owner)
        name = key(row["mdtrt_id"]) + bytes.fromhex(row["content_hash"])
        return self.put("diagnoses", name, encode_row("setl_list_diag_d", row))

    def _add_trace(self, table: str, row: Row) -> bool:
        trace = row["drug_trac_codg"]
        self.mark(TRACE, trace)
        if row.get("rtal_docno"):
            self._member("t", [row["fixmedins_code"], row["rtal_docno"]], trace)
        if row.get("psn_no"):
            self._member("q", [row["psn_no"]], trace)
        return self.put("traces", key(trace) + CODES[table] + bytes.fromhex(row["content_hash"]), encode_row(table, row))

    def _add_registry(self, table: str, row: Row) -> bool:
        unseen = self._unseen(table, row)
        parts = [None if row.get(name) is None else str(row[name]) for name in _REGISTRY[table]]
        name = CODES[table] + key(*parts)
        before = self.get("registry", name)
        old = None if before is None else decode_row(table, before)
        if old is not None and version_key(row) <= version_key(old):
            return unseen
        if table == "psn_map_d":
            self._remap(row, old, name)
            return unseen
        self.put("registry", name, encode_row(table, row))
        touched = (
            self.members("i", row["fixmedins_code"]) if table == "medins_d" else self.members("d", row["staff_code"], row["fixmedins_code"])
        )
        for number in touched:
            self.mark(PERSON, number)
        return unseen

    def _remap(self, row: Row, old: Row | None, name: bytes) -> None:
        """A merge changed: everyone who was or now is behind the number, and those who share identities with them."""
        number = row["old_psn_no"]
        affected = self.merged_into(number)
        before = {self.person_of(each) for each in affected}
        if old is not None:
            self.delete("index", key("m", old["psn_no"]) + part(number))
        self.put("registry", name, encode_row("psn_map_d", row))
        self._member("m", [row["psn_no"]], number)
        for each in before:  # what they were is nobody now, or somebody else
            self.put("dirty", PERSON.encode() + part(each), each.encode())
            self._stamp(each)
        for each in affected | self.merged_into(number):
            self.mark(PERSON, each)
            for table, identity in IDENTITY.items():
                for _, value in list(self.scan("rows", key(each) + CODES[table])):
                    found = decode_row(table, value)
                    for holder in self.owners(table, *(found[part_] for part_ in identity)):
                        if holder != each:
                            self.mark(PERSON, holder)
            for trace in self.members("q", each):
                self.mark(TRACE, trace)

    def contribute(self, facts: PersonFacts) -> None:
        """Bring what a person adds to usual prices and to the earliest date up to date; marks those for whom that changes something."""
        counts: Counter[tuple[str, str, int]] = Counter(
            (line.institution, line.item, line.price) for line in facts.lines if line.billed_quantity > 0 and self._watched(line.item)
        )
        earliest = min((line.date for line in facts.lines), default=None)
        name = b"P" + part(facts.person)
        stored: Mapping[str, Any] = orjson.loads(self.get("state", name) or b'{"e": null, "p": []}')
        old = Counter({(place, item, price): count for place, item, price, count in stored["p"]})
        if earliest == stored["e"] and counts == old:
            return
        self.put("state", name, orjson.dumps({"e": earliest, "p": [[*each, count] for each, count in sorted(counts.items())]}))
        if earliest != stored["e"]:
            self._move_earliest(facts.person, stored["e"], earliest)
        for place, item in sorted({each[:2] for each in counts.keys() | old.keys() if counts[each] != old[each]}):
            self._member("u", [place, item], facts.person)
            usual = self.usual_price(place, item)
            for each in counts.keys() | old.keys():
                if each[:2] == (place, item):
                    self._count_price(place, item, each[2], counts[each] - old[each])
            if self.usual_price(place, item) != usual:
                for number in self.members("u", place, item):
                    self.mark(PERSON, number)

    def _count_price(self, place: str, item: str, price: int, change: int) -> None:
        name = key(place, item) + str(price).encode()
        count = int(self.get("prices", name) or b"0") + change
        if count > 0:
            self.put("prices", name, str(count).encode())
        else:
            self.delete("prices", name)

    def _move_earliest(self, person: str, old: int | None, new: int | None) -> None:
        before = self.earliest_date()
        if old is not None:
            self.delete("state", _date_key(old, person))
        if new is not None:
            self.put("state", _date_key(new, person), person.encode())
        if self.earliest_date() != before:  # look-backs of anybody may now be covered, or no longer
            for _, value in list(self.scan("state", EARLIEST)):
                self.mark(PERSON, value.decode())


def _table_of(name: bytes, start: bytes) -> str:
    code = name[len(start) + 1 : len(start) + 2]
    return next(table for table, each in CODES.items() if each == code)


def _date_key(date: int, person: str) -> bytes:
    return EARLIEST + str(date + DATE_BASE).encode() + b"\0" + part(person)

"""The stream's findings and its outbox, in the same transactions as the history.

Every finding has one newest row and one owner, the person or trace code (as `kind + name`) whose judgement it follows from; when a line
moves to another person, the finding moves with it as its next revision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

import orjson

from xiezhi.domain.finding import Finding
from xiezhi.domain.tables import TABLES, canonical
from xiezhi.domain.typed_rows import TypedRow
from xiezhi.storage.lmdb_codec import key
from xiezhi.storage.lmdb_history import View
from xiezhi.storage.lmdb_update import Update

_LISTS = frozenset({"line_ids", "related_line_ids", "law_refs", "knowledge_ids", "line_amounts", "subject"})
ROW, FINDING, CASE, DEAD = b"R", b"F", b"C", b"X"


def encode_finding(finding: Finding) -> dict[str, Any]:
    """A finding as JSON members."""
    return {field.name: getattr(finding, field.name) for field in fields(Finding)}


def decode_finding(values: Mapping[str, Any]) -> Finding:
    """The inverse of `encode_finding` after JSON."""
    given: dict[str, Any] = {name: tuple(value) if name in _LISTS else value for name, value in values.items()}
    given["service_date"] = date.fromisoformat(given["service_date"])
    given["found_at"] = datetime.fromisoformat(given["found_at"]) if given["found_at"] else None
    return Finding(**given)


def owned(view: View, finding_id: str) -> tuple[str, Finding] | None:
    """Owner and newest row of a finding."""
    found = view.get("findings", finding_id.encode())
    if found is None:
        return None
    record = orjson.loads(found)
    return record["owner"], decode_finding(record["finding"])


def open_ids(view: View, owner: str) -> list[str]:
    """Ids of the open findings of an owner."""
    return [value.decode() for _, value in view.scan("open", key(owner))]


def all_findings(view: View) -> Iterator[Finding]:
    """The newest row of every finding, whatever its status."""
    for _, value in view.scan("findings", b""):
        yield decode_finding(orjson.loads(value)["finding"])


def save(update: Update, owner: str, rows: Iterable[Finding]) -> None:
    """Store rows as the newest of their findings and put them into the outbox."""
    for row in rows:
        identity = row.finding_id.encode()
        before = owned(update, row.finding_id)
        if before is not None and before[0] != owner:
            update.delete("open", key(before[0]) + identity)
        finding = encode_finding(row)
        update.put("findings", identity, orjson.dumps({"owner": owner, "finding": finding}))
        if row.status == "open":
            update.put("open", key(owner) + identity, identity)
        else:
            update.delete("open", key(owner) + identity)
        update.put("outbox", FINDING + identity + f"{row.revision:08d}".encode(), orjson.dumps(finding))


def post_case(update: Update, owner: str, rows: Iterable[Finding], counted: Mapping[str, Mapping[str, int]]) -> None:
    """Put what one judgement comes to into the outbox, for the cases; the same as the last time is left out.

    Args:
        owner: the person or trace code (as `kind + name`).
        rows: the newest rows of its open findings, and those that have just been superseded.
        counted: fen by finding and line.
    """
    content = orjson.dumps([[encode_finding(row), counted.get(row.finding_id, {})] for row in rows])
    if update.put("state", CASE + key(owner), blake2b(content, digest_size=8).digest()):
        update.put("outbox", CASE + key(owner), content)


def post_row(update: Update, row: TypedRow) -> None:
    """Put a row into the outbox, for the claim store."""
    spec = TABLES[row.table]
    values: dict[str, object] = {
        column.name: canonical(column, row.values[column.name]) for column in spec.columns if column.name in row.values
    }
    values |= {"content_hash": row.values["content_hash"], "known_fields": row.values["known_fields"]}
    values["extra"] = orjson.dumps(dict(row.extra)).decode() if row.extra else None
    update.put("outbox", ROW + key(row.table) + bytes.fromhex(row.values["content_hash"]), orjson.dumps(values))


def post_dead(update: Update, position: str, letter: Mapping[str, Any]) -> None:
    """Put a dead letter into the outbox; `position` is where the message lies."""
    update.put("outbox", DEAD + position.encode(), orjson.dumps(letter))


@dataclass(frozen=True)
class Outbox:
    """What waits to be delivered; `number` names the delivery, the same when it is repeated.

    Attributes:
        rows: new rows of the claim store by table.
        findings: new rows of findings.
        judged: newest rows of all findings of those judgements that changed, with counted fen by line, for the cases.
        dead: dead letters.
        keys: where all this lies.
    """

    number: int
    rows: Mapping[str, list[dict[str, Any]]]
    findings: tuple[Finding, ...]
    judged: tuple[tuple[Finding, dict[str, int]], ...]
    dead: tuple[dict[str, Any], ...]
    keys: tuple[bytes, ...]


def outbox(view: View) -> Outbox:
    """All that waits."""
    rows: dict[str, list[dict[str, Any]]] = {}
    findings: list[Finding] = []
    judged: list[tuple[Finding, dict[str, int]]] = []
    dead: list[dict[str, Any]] = []
    keys: list[bytes] = []
    for name, value in view.scan("outbox", b""):
        keys.append(name)
        content = orjson.loads(value)
        if name.startswith(ROW):
            rows.setdefault(name[1:].split(b"\0", 1)[0].decode(), []).append(content)
        elif name.startswith(FINDING):
            findings.append(decode_finding(content))
        elif name.startswith(CASE):
            judged += [(decode_finding(values), counted) for values, counted in content]
        else:
            dead.append(content)
    return Outbox(int(view.get("meta", b"delivery") or b"0"), rows, tuple(findings), tuple(judged), tuple(dead), tuple(keys))


def delivered(update: Update, box: Outbox) -> int:
    """Empty the outbox of what was delivered and return how much it was; the next delivery has the next number."""
    for name in box.keys:
        update.delete("outbox", name)
    update.put("meta", b"delivery", str(box.number + 1).encode())
    return len(box.keys)

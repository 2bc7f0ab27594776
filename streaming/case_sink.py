"""The case database as a place where the outbox goes: findings join, change or leave their cases as they are found.

A delivery that comes twice changes nothing the second time: findings have their identity and revision, cases a key of their own. What
comes back tells how every case that the delivery is about stands afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from streaming.topics import SCHEMA_VERSION
from xiezhi.domain.actor import Scope
from xiezhi.domain.credit import Scheme
from xiezhi.domain.events import Message
from xiezhi.domain.finding import Finding
from xiezhi.services.case_store import CaseStore
from xiezhi.services.open_cases import case_findings, open_cases


class CaseSink:
    """Opens cases.

    Args:
        store: where cases live.
        scheme: the rating scheme.
        folders: folder of each own rule (one without a class) inside the catalogue, by rule id.
    """

    def __init__(self, store: CaseStore, scheme: Scheme, folders: Mapping[str, str]) -> None:
        self._store, self._scheme, self._folders = store, scheme, folders

    def take(self, findings: Sequence[Finding], counted: Mapping[str, Mapping[str, int]], delivery: str) -> list[Message]:
        """Bring the cases up to these rows; returns an event a case, keyed by case, whose id names delivery and case.

        The moment of the run is the newest `found_at` of the rows, so that a repeated delivery says the same.

        Raises:
            ServiceUnreachable: the database does not answer; the delivery can be repeated.
        """
        at = max(finding.found_at for finding in findings if finding.found_at is not None)
        rows = case_findings(findings, {name: dict(lines) for name, lines in counted.items()}, self._folders)
        open_cases(self._store, self._scheme, rows, as_of=at.date(), at=at)
        ids = sorted({row.key.case_id for row in rows})
        with self._store.write() as unit:
            found = unit.cases(Scope.all(), ids)
        events: list[Message] = []
        for case_id in ids:
            case = found.get(case_id)
            body: dict[str, object] = {"schema": SCHEMA_VERSION, "case_id": case_id, "at": at, "state": "dropped"}
            if case is not None:
                body |= {
                    "state": case.state.value,
                    "version": case.version,
                    "institution_code": case.key.institution_code,
                    "encounter_id": case.key.encounter_id,
                    "theme": case.key.theme,
                    "lines": len(case.present),
                    "amount_fen": case.amount_fen,
                }
            events.append(Message(case_id, orjson.dumps(body), {"id": f"{delivery}:{case_id}"}))
        return events

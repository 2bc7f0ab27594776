"""A page of the queue is one walk along an index on both databases, so its time does not grow with the number of cases."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from xiezhi.domain.actor import Scope
from xiezhi.domain.queue import QueueFilter
from xiezhi.storage.sql.case_store import SqlCaseStore


@pytest.mark.parametrize("after", [None, (10**6, "C" + "8" * 19)])
@pytest.mark.parametrize(
    "wanted", [QueueFilter(), QueueFilter(institution="H33010600012"), QueueFilter(rule_id="A", least_fen=5), QueueFilter(region="330000")]
)
def test_no_page_sorts(store: SqlCaseStore, wanted: QueueFilter, after: tuple[int, str] | None) -> None:
    asked = []
    listener = event.listens_for(store.database.engine, "before_cursor_execute")
    listener(lambda connection, cursor, statement, parameters, context, many: asked.append((statement, parameters)))
    store.queue(Scope.all(), wanted, after, 50)
    statement, parameters = asked[-1]
    assert "ORDER BY" in statement
    with store.database.read() as connection:
        if store.database.is_sqlite:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).fetchall()
    told = str(plan)
    assert "TEMP B-TREE" not in told
    assert "Sort" not in told
    assert "_priority" in told

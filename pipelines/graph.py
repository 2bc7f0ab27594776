"""The provider–patient graph of a month: leads into the database, features into the store, priorities of the waiting cases renewed.

Leads rest on everything that is known now, so that what was refunded or corrected since raises nobody. Features rest on what was known at
the end of their month, so that a model that learns from them never looks ahead.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import networkx as nx
import pyarrow as pa
from deltalake import write_deltalake

from models.features.build import month_of
from models.graph.edges import Bounds, build_edges, ignored
from models.graph.features import graph_features
from models.graph.leads import KINDS, leads_of
from models.graph.network import Measures, Network, build_network, measure, to_networkx
from pipelines.cases.app import Desk
from pipelines.features import last_full_month
from xiezhi.domain.calendar import first_of_month
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Lead, Subject
from xiezhi.services.signals import Applied, apply_signals
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.sql.signals import SqlSignalStore


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        month: last month, `YYYY-MM`; `window` in months.
        vertices: by subject.
        edges: by kind.
        communities: their number.
        ignored: what the bounds left out, see `models.graph.edges.ignored`.
        leads: all that were found, strongest first.
        features: rows stored, by month and subject.
        applied: what changed in the queue.
    """

    month: str
    window: int
    vertices: dict[str, int] = field(default_factory=dict)
    edges: dict[str, int] = field(default_factory=dict)
    communities: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    leads: Sequence[Lead] = ()
    features: dict[str, dict[str, int]] = field(default_factory=dict)
    applied: Applied | None = None


def table_name(subject: Subject) -> str:
    """Name of the Delta table of the graph's features of a subject."""
    return f"features_graph_{subject.value}"


def store_features(store: DeltaStore, month: str, tables: dict[Subject, pa.Table]) -> dict[str, int]:
    """Replace the features of a month (`YYYY-MM`), one atomic commit a subject; returns the rows by subject."""
    for subject, table in tables.items():
        folder = store.root / table_name(subject)
        if table_name(subject) in store.names():
            write_deltalake(folder, table, mode="overwrite", predicate=f"month = '{month}'", schema_mode="merge")
        else:
            store.append(table_name(subject), table, partition_by=["month"])
    return {subject.value: len(table) for subject, table in tables.items()}


def last_month(store: DeltaStore) -> int:
    """Month number of the last full month (`features.last_full_month`); raises `UsageError` where no line is stored."""
    if "fee_list_d" not in store.versions():
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…")
    found = last_full_month(store)
    if not found:
        raise UsageError.of("no stored fee line has a service date", todo="xiezhi ingest PATH…")
    return month_of(found)


def run_graph(
    desk: Desk,
    *,
    month: int | None,
    window: int,
    from_month: int | None = None,
    export: Path | None = None,
    as_of: date,
    at: datetime,
    say: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Build, measure, store leads and features, renew the factors of the waiting cases.

    Args:
        desk: settings, database and cases.
        month: the last month (year × 12 + month − 1); None: the newest stored.
        window: months that the graph covers.
        from_month: features are also stored for the months from here on.
        export: a GraphML file to write; person numbers stand in it.
        as_of: date up to which the cases' age is counted; `at` the moment for the audit log.
        say: progress.

    Raises:
        UsageError: no claims are stored, a window below 1, or a first month after the last.
    """
    store = DeltaStore.of_home(desk.settings.home)
    newest = last_month(store)
    month = newest if month is None else month
    first = month if from_month is None else from_month
    if window < 1 or first > month:
        raise UsageError.of(f"--window {window}, months {first - month} before the last", accepted="window ≥ 1, --from not after --month")
    bounds = Bounds(window=window)
    threads = desk.settings.threads
    say("关系网 graph")
    with open_facts(store, threads=threads) as con:
        covered = build_edges(con, month, bounds)
        network = build_network(con)
        measures = measure(network)
        outcome = Outcome(covered.text, window, edges=dict(sorted(Counter(network.kinds).items())), ignored=ignored(con, bounds))
        outcome.vertices = dict(sorted(Counter(name.partition(":")[0] for name in network.names).items()))
        outcome.communities = len(set(measures.community.tolist()))
        outcome.leads = leads_of(con, covered, bounds, run_id=uuid.uuid4().hex)
    if export is not None:
        write_graphml(export, network, measures)
    signals = SqlSignalStore(desk.database)
    signals.put_leads(KINDS, covered.text, list(outcome.leads))
    for each in range(first, month + 1):
        text = f"{each // 12:04d}-{each % 12 + 1:02d}"
        say(f"关系特征 features of the graph {text}")
        with open_facts(store, threads=threads, known_before=datetime.combine(first_of_month(each + 1), datetime.min.time())) as con:
            outcome.features[text] = store_features(store, text, graph_features(con, each, bounds))
    outcome.applied = apply_signals(desk.store, signals, as_of, at, desk.scheme.exploration)
    return outcome


def write_graphml(path: Path, network: Network, measures: Measures) -> None:
    """The graph with its measures as GraphML, for Gephi, Cytoscape or networkx."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nx.write_graphml(to_networkx(network, measures), path)

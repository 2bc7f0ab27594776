"""Groups that move together: found when planted, absent by chance, in families and in crowds; the same in every order of rows."""

from __future__ import annotations

import pytest
from small_world import MONTH, World, ordinary, plant

from models.graph import together
from models.graph.edges import build_edges
from models.graph.leads import find_leads
from models.graph.network import build_network, measure, to_networkx
from xiezhi.domain.signal import Lead, Subject

GROUP = [f"G{number}" for number in range(6)]
DAYS = [5, 25, 45, 65, 100, 140]


def same_time(world: World, order: int = 0, threads: int = 2) -> list[Lead]:
    return [lead for lead in find_leads(world.connection(order, threads), MONTH) if lead.kind == "same_time_visits"]


def persons(lead: Lead) -> list[str]:
    return sorted(member.subject_id for member in lead.members if member.subject is Subject.PERSON)


@pytest.mark.parametrize("seed", range(5))
def test_chance_makes_no_leads(seed: int) -> None:
    assert find_leads(ordinary(seed).connection(), MONTH) == []


def test_a_group_that_moves_together_is_found_and_a_family_is_not() -> None:
    """Catches pairs that are not told from households, and groups that take in bystanders."""
    world = ordinary(1)
    plant(world, GROUP, DAYS)
    plant(world, [f"F{number}" for number in range(5)], DAYS, "H1", phone="13700000000")
    (lead,) = same_time(world)
    assert persons(lead) == GROUP
    assert lead.institutions == ("H0",)
    assert lead.measures["observed"] == 30
    assert lead.measures["lift"] > 10
    assert lead.measures["q"] < 1e-6
    assert (str(lead.first), str(lead.last)) == ("2026-01-06", "2026-05-21")
    assert {(relation.one, relation.weight) for relation in lead.relations if relation.kind == "same_time_visits"} >= {("G0", 6.0)}
    assert "30 次" in lead.evidence_zh[0]


def test_the_order_of_rows_and_threads_changes_nothing() -> None:
    """Catches a community or a sum that follows the order in which rows were stored."""
    world = ordinary(2)
    plant(world, GROUP, DAYS)
    first = find_leads(world.connection(threads=1), MONTH)
    assert first == find_leads(world.connection(order=7), MONTH) == find_leads(world.connection(order=8), MONTH)


def test_what_comes_later_is_not_seen() -> None:
    world = ordinary(3)
    plant(world, GROUP, DAYS)
    before = find_leads(world.connection(), MONTH)
    plant(world, [f"L{number}" for number in range(6)], [182, 190, 200, 210], "H2")
    assert find_leads(world.connection(), MONTH) == before


def crowd() -> World:
    """Everybody comes in the ten minutes after a place opens: company without meaning."""
    return ordinary(4, persons=120, visits=20, places=2, hours=(480, 490))


def test_a_busy_hour_is_no_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The null model keeps the hours of a place. A mutant that takes visits as spread evenly over the day makes leads of the crowd."""
    assert same_time(crowd()) == []
    even = together._CHANCE.replace("COALESCE(c.close, 0) / t.pairs", "2 * 900 / (181 * 86400.0)")
    assert even != together._CHANCE
    monkeypatch.setattr(together, "_CHANCE", even)
    assert same_time(crowd())


def test_networkx_has_the_same_graph() -> None:
    """Catches edges lost or doubled on the way to networkx, and measures on the wrong vertex."""
    import networkx as nx

    world = ordinary(6, persons=80, visits=6)
    plant(world, GROUP, DAYS)
    con = world.connection()
    build_edges(con, MONTH)
    network = build_network(con)
    measures = measure(network)
    graph = to_networkx(network, measures)
    assert graph.number_of_edges() == network.graph.ecount()
    assert {name: data["strength"] for name, data in graph.nodes(data=True)} == pytest.approx(dict(graph.degree(weight="weight")))
    assert len({data["component"] for _, data in graph.nodes(data=True)}) == nx.number_connected_components(graph)
    assert measure(network).community.tolist() == measures.community.tolist()
    simple = network.graph.copy().simplify()
    assert dict(zip(network.names, simple.coreness(), strict=True)) == nx.core_number(nx.Graph(graph))

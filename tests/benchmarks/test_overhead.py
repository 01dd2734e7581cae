"""The graph's own cost is measured as the notes say. How large it is isn't tested."""

import os

import pytest

from benchmarks.overhead import SHAPES, Scenario, measure, on_one_core, run
from benchmarks.overhead_graphs import BRANCHES, CHAIN, chain, diamond, end_in_sink

PACKETS = 60


@pytest.mark.parametrize("paced", [False, True])
def test_a_packet_of_the_chain_hops_once_to_every_node(paced):
    trails = [result.value for result in chain(PACKETS, 500.0 if paced else 0.0).run()]
    assert paced or len(trails) == PACKETS  # a live source may drop on a busy machine
    for trail in trails:
        assert len(trail.hops) == len(CHAIN)
        assert 0 < sum(trail.hops) <= trail.left - trail.born


def test_a_packet_of_the_diamond_goes_on_from_its_last_branch():
    hops = [result.value.hops for result in diamond(PACKETS, 0.0).run()]
    assert len(hops) == PACKETS
    assert all(len(each) == 2 for each in hops)


def test_a_sink_takes_the_place_of_the_reader():
    graph = diamond(PACKETS, 0.0)
    trails = end_in_sink(graph)
    assert list(graph.run()) == []
    assert [len(trail.hops) for trail in trails] == [3] * PACKETS


def test_the_shapes_say_how_many_nodes_they_have():
    for make, nodes in SHAPES.values():
        assert len(make(1, 0.0).spec.nodes) == nodes + 1  # the source


def test_threads_started_on_one_core_stay_there():
    before = os.sched_getaffinity(0)
    with on_one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_only_who_sleeps_has_to_be_woken():
    fast = run(Scenario("chain", pinned=True, paced=False), PACKETS)
    paced = run(Scenario("chain", pinned=True, paced=True), PACKETS)
    assert fast.worker is None
    assert fast.reader is None
    assert paced.worker
    assert paced.reader
    assert 0 < paced.median <= paced.p99


def test_every_scenario_has_a_row_and_one_core_has_goals():
    overhead = measure(packets=40, rounds=1)
    assert len(overhead.rows) == 2 * 2 * len(SHAPES)
    assert {goal.limit for goal in overhead.goals} == {40, 200}
    assert len(overhead.goals) == 2 * 2 * len(SHAPES)
    for goal in overhead.goals:
        assert goal.reached == (goal.figure <= goal.limit)
        assert "one core" in goal.name


def test_more_branches_than_the_join_has_inputs_would_be_noticed():
    assert set(diamond(1, 0.0).spec.nodes["join"].inputs) == set(BRANCHES)

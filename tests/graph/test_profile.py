"""What the virtual clock takes from a device's profile."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UserError
from edge.graph.profile import Accelerated, Profile
from tests.budget.scene import JOIN, LOOK, device, scene, told

PROFILE = Profile(
    name="made up",
    threads=2,
    cost_ms={"face": 0.5},
    around_ms={"face": 1.0},
    models={"face/int8": {1: 8.0, 4: 3.0}, "face/float": {1: 20.0, 2: 12.0}},
    accelerated={"face/edgetpu": Accelerated(ms=4.0, mj=8.0)},
    spread={"face": [0.5, 1.0, 1.0, 2.0]},
)


def test_a_call_takes_its_models_and_what_is_done_around_them():
    assert PROFILE.call_ms("face", []) == (0.5, 0.5)
    assert PROFILE.call_ms("face", ["face/float"]) == (13.0, 13.0)
    assert PROFILE.call_ms("face", ["face/float", "face/int8"]) == (22.0, 22.0)


def test_an_accelerator_is_waited_for_without_work():
    assert PROFILE.call_ms("face", ["face/edgetpu"]) == (5.0, 1.0)


def test_the_next_fewer_threads_are_taken_of_what_was_measured():
    assert PROFILE.model_ms("face/int8") == 8.0
    assert PROFILE.model_ms("face/float") == 12.0


def test_what_a_profile_doesnt_know_costs_nothing():
    assert PROFILE.call_ms("hand", ["hand/int8"]) == (0.0, 0.0)
    assert PROFILE.scatter("hand", random.Random(1)) == 1.0


@given(st.integers(0, 10**6))
def test_scatter_stays_between_the_least_and_the_most(seed):
    chance = random.Random(seed)
    assert all(0.5 <= PROFILE.scatter("face", chance) <= 2.0 for _ in range(20))


def test_scatter_follows_its_quantiles():
    chance = random.Random(3)
    drawn = sorted(PROFILE.scatter("face", chance) for _ in range(6000))
    assert statistics.median(drawn) == pytest.approx(1.0, rel=0.02)
    assert drawn[5000] == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize(
    "text",
    ["{name: x, cost: {}}", "{name: x, workers: 0}", "name: [", "{name: x, cost_ms: {a: -1}}"],
)
def test_a_profile_that_says_something_else_is_refused(tmp_path, text):
    path = tmp_path / "device.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"device\.yaml"):
        Profile.load(path)


def test_waking_and_scatter_show_in_the_ages_and_are_the_same_each_time():
    plain = told(scene(5), device(5, 5))
    late = told(scene(5), device(5, 5, wake_ms=7.0))
    assert [late.ages_ms[f] - plain.ages_ms[f] for f in plain.ages_ms] == pytest.approx([7.0] * 150)
    spread = {LOOK: [0.5, 1.0, 2.0]}
    scattered = [told(scene(5), device(5, 5, spread=spread)) for _ in range(2)]
    assert scattered[0] == scattered[1]
    assert len(set(scattered[0].ages_ms.values())) > 50


def test_workers_share_the_work():
    one, two = (told(scene(5), device(10, 10, workers=n)) for n in (1, 2))
    assert statistics.median(one.ages_ms.values()) == 20
    assert statistics.median(two.ages_ms.values()) == 10
    assert one.cpu_s == two.cpu_s == pytest.approx(150 * 0.020)


def test_a_node_without_a_model_costs_what_its_kind_does():
    found = told(scene(5), device(0, 0, cost_ms={JOIN: 3.0}))
    assert set(found.ages_ms.values()) == {3.0}

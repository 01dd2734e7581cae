import numpy as np
import pytest

from edge.people.association import (
    FORBIDDEN,
    AssociationSettings,
    head_costs,
    joined_faces,
    joined_hands,
    reach_costs,
    wrist_costs,
)
from edge.vision.bodies import heads
from tests.people.seen import bodies, faces, hands, untrusted

SETTINGS = AssociationSettings()


def never(rows: int, columns: int) -> np.ndarray:
    return np.zeros((rows, columns), bool)


def on_heads(some, people) -> np.ndarray:
    return head_costs(some, people, heads(people)[0], SETTINGS)


def on_wrists(seen, people, held=None, mirrored=False) -> list[int]:
    held = never(len(seen), 2 * len(people)) if held is None else held
    costs, _ = wrist_costs(seen, people, heads(people)[0], held, mirrored, SETTINGS)
    return joined_hands(costs, held, SETTINGS)


@pytest.mark.parametrize("seen", [lambda some: some, untrusted], ids=["landmarks", "only boxes"])
def test_each_face_goes_to_its_own_body(seen):
    people = bodies((300, 200), (520, 230), (900, 200))
    some = seen(faces((525, 228), (305, 198)))
    assert joined_faces(some, people, heads(people)[0], never(2, 3), SETTINGS) == [1, 0]


def test_a_face_beside_a_body_or_of_another_size_is_not_its_own():
    people = bodies((300, 200))
    costs = on_heads(faces((400, 200), (305, 200)), people)
    assert costs[0, 0] == FORBIDDEN > costs[1, 0]
    assert on_heads(faces((300, 200), size=30), people)[0, 0] == FORBIDDEN


def test_costs_are_in_units_of_the_face():
    near = on_heads(faces((330, 200)), bodies((300, 200)))
    far = on_heads(faces((99, 60), size=30), bodies((90, 60), size=30))
    np.testing.assert_allclose(near, far, rtol=0.02)


def test_heads_that_touch_stay_joined_as_they_were():
    people, some = bodies((300, 200), (340, 200)), faces((320, 200))
    for body in (0, 1):
        held = never(1, 2)
        held[0, body] = True
        assert joined_faces(some, people, heads(people)[0], held, SETTINGS) == [body]


def test_hands_go_to_the_nearest_wrist():
    people = bodies((300, 200), (800, 200))
    # Wrists are at 440 and 160, and at 940 and 660.
    some = hands((945, 525), (165, 515), (655, 520), (435, 530))
    assert on_wrists(some, people) == [2, 1, 3, 0]


def test_a_hand_far_from_all_wrists_is_nobodys():
    assert on_wrists(hands((700, 300)), bodies((300, 200))) == [-1]
    assert on_wrists(hands((440, 520), size=15), bodies((300, 200))) == [-1]


def test_folded_hands_are_told_apart_by_their_sides_and_by_what_they_were():
    people = bodies((300, 200), spread=0.05)
    some = hands((300, 520), (302, 520), right=(0.9, 0.2))
    assert on_wrists(some, people) == [1, 0]
    unsure = hands((300, 520), (300, 520))
    for arms in ([0, 1], [1, 0]):
        held = never(2, 2)
        held[[0, 1], arms] = True
        assert on_wrists(unsure, people, held) == arms


def test_in_a_mirrored_picture_a_bodys_left_is_the_right():
    assert on_wrists(hands((440, 520)), bodies((300, 200))) == [0]
    assert on_wrists(hands((440, 520)), bodies((300, 200)), mirrored=True) == [1]


def test_without_wrists_a_hand_goes_to_who_can_reach_it():
    boxes = faces((300, 200), (900, 200)).boxes
    some = hands((480, 300), (720, 350), (1500, 900), right=(0.1, 0.9, 0.5))
    costs = reach_costs(some, boxes, SETTINGS)
    assert joined_hands(costs, never(3, 4), SETTINGS) == [0, 3, -1]
    assert costs[0, 0] < costs[0, 1]


def test_nobody_has_two_left_hands():
    boxes = faces((300, 200)).boxes
    some = hands((200, 350), (400, 350), (300, 450), right=(0.1, 0.2, 0.1))
    arms = joined_hands(reach_costs(some, boxes, SETTINGS), never(3, 2), SETTINGS)
    assert sorted(arms) == [-1, 0, 1]


@pytest.mark.parametrize(("count", "others"), [(0, 2), (2, 0), (0, 0)])
def test_where_there_is_nobody_there_is_nothing_to_join(count, others):
    middles = [(300.0 * n, 200.0) for n in range(2)]
    some, people = faces(*middles[:count]), bodies(*middles[:others])
    assert (
        joined_faces(some, people, heads(people)[0], never(count, others), SETTINGS) == [-1] * count
    )
    assert on_wrists(hands(*middles[:count]), people) == [-1] * count

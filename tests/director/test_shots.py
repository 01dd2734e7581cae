"""Whom a shot shows, and that they are in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.director.operator import OperatorSettings
from edge.director.shots import Box, Shots, ShotSettings, Subject

SIZE = (1920, 1080)
LEFT: Box = (500.0, 300.0, 120.0, 150.0)
SPEED = OperatorSettings().speed
RIGHT: Box = (1300.0, 320.0, 120.0, 150.0)


def person(id_: int, face: Box | None, **more: float) -> Subject:
    whole = (400.0, 200.0, 300.0, 800.0) if face is None else face
    return Subject(id_, whole, face, **more)


def shots(aspect: float = 16 / 9) -> Shots:
    return Shots(SIZE, aspect, ShotSettings(), SPEED)


def holds(crop: Box, box: Box) -> bool:
    return (
        crop[0] <= box[0] + 1e-6
        and crop[1] <= box[1] + 1e-6
        and crop[0] + crop[2] >= box[0] + box[2] - 1e-6
        and crop[1] + crop[3] >= box[1] + box[3] - 1e-6
    )


def test_an_empty_room_is_shown_whole() -> None:
    shot = shots().see(0, [])
    assert shot.crop == (0, 0, *SIZE)
    assert (shot.kind, shot.people) == ("wide", ())


@pytest.mark.parametrize("aspect", [16 / 9, 9 / 16, 1.0])
def test_one_is_a_single_with_head_and_shoulders(aspect: float) -> None:
    shot = shots(aspect).see(0, [person(1, LEFT)])
    assert shot.kind == "single"
    assert shot.crop[2] / shot.crop[3] == pytest.approx(aspect)
    assert holds(shot.crop, LEFT)
    above, below = LEFT[1] - shot.crop[1], shot.crop[1] + shot.crop[3] - LEFT[1] - LEFT[3]
    assert above > 0.4 * LEFT[3]
    assert below > above
    assert shot.crop[3] < SIZE[1] / 1.5


def test_who_speaks_is_shown_alone_and_stays_through_a_pause() -> None:
    director = shots()
    two = [person(1, LEFT, speaking=0.9), person(2, RIGHT, speaking=0.1)]
    quiet = [person(1, LEFT, speaking=0.1), person(2, RIGHT, speaking=0.1)]
    assert director.see(0, two).people == (1,)
    assert director.see(1.5, quiet).people == (1,)
    shot = director.see(2.5, quiet)
    assert shot.people == (1, 2)
    assert shot.kind == "two-shot"
    assert holds(shot.crop, LEFT)
    assert holds(shot.crop, RIGHT)
    assert director.see(3, [two[0], person(2, RIGHT, speaking=0.9)]).people == (1, 2)


def test_there_is_room_where_somebody_looks() -> None:
    ahead, left, right = (
        shots().see(0, [person(1, LEFT, yaw=yaw)]).crop[0] for yaw in (0.0, -30.0, 30.0)
    )
    assert left < ahead < right


def test_a_face_that_is_lost_is_not_zoomed_on_and_then_left() -> None:
    director = shots()
    seen = director.see(0, [person(1, LEFT), person(2, RIGHT)])
    assert director.see(0.5, [person(1, LEFT)]).crop == seen.crop
    assert director.see(2, [person(1, LEFT)]).people == (1,)


def test_near_faces_are_not_nearer_still() -> None:
    near = (800.0, 300.0, 320.0, 400.0)
    shot = shots().see(0, [person(1, near)])
    assert near[3] / shot.crop[3] <= 0.38  # the picture ends


@given(
    st.lists(st.tuples(st.floats(0, 1800), st.floats(0, 900), st.floats(20, 300)), max_size=6),
    st.sampled_from([16 / 9, 9 / 16, 1.0]),
)
def test_crops_are_within_the_picture_and_hold_faces_where_they_can(
    places: list[tuple[float, float, float]], aspect: float
) -> None:
    faces = [(min(x, 1919 - size), min(y, 1079 - size), size, size) for x, y, size in places]
    shot = shots(aspect).see(0, [person(n, face) for n, face in enumerate(faces, 1)])
    x, y, width, height = shot.crop
    assert x >= -1e-6
    assert y >= -1e-6
    assert x + width <= SIZE[0] + 1e-6
    assert y + height <= SIZE[1] + 1e-6
    assert width / height == pytest.approx(aspect)
    if faces:
        across = max(f[0] + f[2] for f in faces) - min(f[0] for f in faces)
        if across <= 0.6 * SIZE[1] * aspect:
            assert all(
                holds(shot.crop, (*face[:3], min(face[3], 1080 - face[1]))) for face in faces
            )


def walked(aspect: float, seconds: float, speed: float) -> list[Box]:
    """Return the crops aimed at while somebody walks to the right, pixels a second, and then
    stands."""
    director = shots(aspect)
    crops = []
    for frame in range(round(25 * (seconds + 2))):
        t = frame / 25
        x = LEFT[0] + speed * min(t, seconds)
        crops.append(director.see(t, [person(1, (x, *LEFT[1:]))]).crop)
    return crops


def test_who_walks_is_led_and_shown_wider_the_faster() -> None:
    calm, slow, fast = (walked(1.0, 2.0, speed)[49] for speed in (0.0, 60.0, 250.0))
    assert calm[3] <= slow[3] < fast[3]
    x = LEFT[0] + 2.0 * 250
    assert fast[0] + fast[2] / 2 > x + LEFT[2] / 2  # more room ahead than behind
    after = walked(1.0, 2.0, 250.0)[-1]
    assert after[3] == pytest.approx(calm[3], rel=0.05)  # and no more once they stand


def test_two_at_the_limit_of_a_narrow_crop_dont_trade_places() -> None:
    director = shots(9 / 16)
    chosen = []
    for frame in range(200):
        apart = 440 + 60 * ((frame // 10) % 2)  # they sway
        two = [person(1, LEFT), person(2, (LEFT[0] + apart, *LEFT[1:]))]
        chosen.append(director.see(frame / 25, two).people)
    assert len(set(chosen[40:])) == 1

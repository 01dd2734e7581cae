import base64
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.inference.backend import interpreter_class
from edge.io.frames import Frame
from edge.vision.carry import carried_mask
from edge.vision.motion import Motion
from edge.vision.silhouette import (
    CARRIED_LATER,
    Silhouette,
    Silhouettes,
    at_size,
    blended,
    blending_table,
    intersection_over_union,
    png_base64,
)
from tests.vision.driving import context, read

FRAME_US = 40_000


class Watch:
    """The node, driven by hand."""

    def __init__(self, **settings) -> None:
        self.node = Silhouettes(Silhouettes.Settings(**{"threads": 1, **settings}))
        self.node.open(context())
        self.frames = 0

    def see(self, picture: np.ndarray, moving: bool | None = None, still=False) -> Silhouette:
        """`moving`: what the motion node says, None where there is none."""
        self.node.t = self.frames * FRAME_US
        frame = Frame(picture.copy(), self.frames, self.node.t, still=still)
        self.frames += 1
        motion = None
        if moving is not None:
            cells = np.zeros((3, 4), bool)
            cells[1, 1] = moving
            motion = Motion(self.node.t, cells, (8, 8))
        silhouette = self.node.process(frame, motion)
        assert silhouette is not None
        return silhouette

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self.node.close()


@pytest.fixture(scope="module")
def portrait(data):
    return read(data / "face/portrait.jpg")


@pytest.fixture(scope="module")
def person(data):
    """Which pixels of the portrait are a person, by MediaPipe."""
    return read(data / "segmentation/portrait_segmentation.png")[:, :, 0]


@pytest.mark.parametrize("variant", ["float", "int8"])
@pytest.mark.parametrize("model", ["selfie", "selfie_landscape"])
@pytest.mark.parametrize(
    ("picture", "mask", "least"),
    [
        # Measured: 0.903 to 0.906, by a golden mask of another model.
        ("segmentation/three_people.jpg", "segmentation/three_people_binary_mask.png", 0.9),
        # Measured: 0.985 and 0.980.
        ("face/portrait.jpg", "segmentation/portrait_segmentation.png", 0.975),
    ],
)
def test_masks_of_others_are_shared(data, picture, mask, least, model, variant):
    if variant == "float" and interpreter_class().__module__.startswith("tflite_runtime"):
        pytest.skip("the published files have an operator that tflite-runtime lacks")
    golden = read(data / mask)[:, :, 0]
    with Watch(model=model, variant=variant) as watch:
        silhouette = watch.see(read(data / picture), still=True)
    assert silhouette.fresh
    assert silhouette.mask.dtype == np.uint8
    found = at_size(silhouette.mask, (golden.shape[1], golden.shape[0]))
    assert intersection_over_union(found, golden) >= least


@pytest.mark.parametrize(
    ("size", "shape"),
    [((640, 360), (144, 256)), ((640, 480), (144, 256)), ((360, 640), (256, 256))],
)
def test_the_model_follows_from_the_pictures_shape(size, shape):
    with Watch() as watch:
        assert watch.see(np.zeros((*size[::-1], 3), np.uint8)).mask.shape == shape


def test_the_picture_may_change_its_shape_in_mid_stream():
    with Watch() as watch:
        shapes = [(360, 640), (640, 360), (1, 1), (360, 640)]
        masks = [watch.see(np.zeros((*shape, 3), np.uint8)) for shape in shapes]
    assert [len(silhouette.mask) for silhouette in masks] == [144, 256, 256, 144]
    assert all(silhouette.fresh for silhouette in masks)


def test_what_moves_is_not_followed_by_a_ghost(portrait, person):
    """Smoothed or not, the mask of a person who crosses the picture at a twentieth of it a frame
    is as good: within 0.001 of its overlap."""
    overlaps = []
    for smoothing in (0, 0.9):
        with Watch(smoothing=smoothing, variant="int8") as watch:
            rows = [pasted(portrait, person, 40 + 32 * index) for index in range(8)]
            masks = [(watch.see(picture).mask, truth) for picture, truth in rows]
        same = [intersection_over_union(at_size(m, (640, 360)), truth) for m, truth in masks[1:]]
        overlaps.append(np.mean(same))
    assert overlaps[1] > overlaps[0] - 0.001
    assert overlaps[1] > 0.95


def test_edges_flicker_less_where_nothing_moves(portrait, person):
    """Under a sensor's noise; a third less was measured."""
    changes = []
    for smoothing in (0, 0.9):
        noise = np.random.default_rng(0)
        with Watch(smoothing=smoothing, variant="int8") as watch:
            picture = pasted(portrait, person, 200)[0].astype(np.float32)
            noisy = (picture + noise.normal(0, 5, picture.shape) for _ in range(6))
            masks = [watch.see(p.clip(0, 255).astype(np.uint8)).mask for p in noisy]
        changes.append(np.mean([cv2.absdiff(a, b).mean() for a, b in pairwise(masks)]))
    assert changes[1] < 0.75 * changes[0]


def pasted(portrait, person, left: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the portrait's person on a plain wall, 360 pixels high, and which pixels they are."""
    scale = 340 / len(portrait)
    cut, part = (cv2.resize(p, None, fx=scale, fy=scale) for p in (portrait, person))
    picture, truth = (
        np.full((360, 640, 3), (150, 160, 170), np.uint8),
        np.zeros((360, 640), np.uint8),
    )
    height, width = part.shape
    truth[-height:, left : left + width] = part
    inside = part[:, :, None] > 127
    np.copyto(picture[-height:, left : left + width], cut, where=inside)
    return picture, truth


def test_a_cut_leaves_nothing_behind(portrait, person):
    """The mask is that of the second scene alone, to a level of 255 nearly everywhere."""
    first, second = pasted(portrait, person, 40)[0], pasted(portrait, person, 340)[0]
    with Watch(variant="int8") as watch:
        alone = watch.see(second, still=True).mask
        watch.see(first, still=True)
        after = watch.see(second).mask
    assert (cv2.absdiff(alone, after) > 10).mean() < 0.005


def test_while_nothing_moves_the_model_looks_now_and_then(portrait):
    with Watch(beat_s=0.2, variant="int8") as watch:
        fresh = [watch.see(portrait, moving=False).fresh for _ in range(12)]
        assert watch.see(portrait, moving=True).fresh
    assert [index for index, is_fresh in enumerate(fresh) if is_fresh] == [0, 5, 10]


def test_what_moves_is_looked_at_on_every_frame(portrait):
    with Watch(variant="int8") as watch:
        assert all(watch.see(portrait, moving=True).fresh for _ in range(4))
        assert watch.see(portrait).fresh


def test_every_third_frame_is_looked_at_and_the_mask_moves_along_between(portrait, person):
    """Measured: 0.97 where it is carried two frames on, 0.79 if it stayed where it was."""
    with Watch(every=3, variant="int8") as watch:
        seen = []
        for index in range(9):
            picture, truth = pasted(portrait, person, 40 + 8 * index)
            silhouette = watch.see(picture, moving=True)
            overlap = intersection_over_union(at_size(silhouette.mask, (640, 360)), truth)
            seen.append((silhouette.fresh, overlap))
    assert [fresh for fresh, _ in seen] == [True, False, False] * 3
    assert min(overlap for _, overlap in seen) > 0.95


def test_a_mask_that_is_not_finite_is_counted_and_the_last_one_holds(portrait, monkeypatch):
    with Watch(model="selfie", variant="int8") as watch:
        good = watch.see(portrait)
        model = watch.node.models["selfie"].model
        broken = [np.full((1, 256, 256, 1), np.nan, np.float32)]
        monkeypatch.setattr(model, "invoke", lambda: broken)
        after = watch.see(portrait)
        nothing = watch.see(portrait, still=True)
    assert (good.fresh, after.fresh, nothing.fresh) == (True, False, False)
    np.testing.assert_array_equal(after.mask, good.mask)
    assert not nothing.mask.any()
    assert watch.node.counts == {"invalid": 2}


@given(st.integers(0, 255), st.integers(0, 255), st.floats(0, 1))
def test_a_smoothed_value_lies_between_the_two(before, now, smoothing):
    a, b = (np.full((2, 2), value, np.uint8) for value in (before, now))
    result = blended(a, b, blending_table(smoothing))
    assert min(before, now) <= result[0, 0] <= max(before, now)
    if now in (0, 255) or smoothing == 0:
        assert result[0, 0] == now


def test_a_mask_as_results_have_it():
    mask = np.random.default_rng(0).integers(0, 256, (144, 256), np.uint8)
    png = np.frombuffer(base64.b64decode(png_base64(mask)), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), mask)


def counted(monkeypatch) -> list[int]:
    """Return a list that grows with each mask that is carried."""
    calls: list[int] = []

    def carried(*given):
        calls.append(1)
        return carried_mask(*given)

    monkeypatch.setattr("edge.vision.silhouette.carried_mask", carried)
    return calls


def test_a_mask_is_carried_only_once_somebody_looks(portrait, person, monkeypatch):
    calls = counted(monkeypatch)
    with Watch(every=20, variant="int8") as watch:
        seen = [watch.see(pasted(portrait, person, 40 + 4 * i)[0], moving=True) for i in range(6)]
    assert not calls
    last = seen[-1].mask
    assert len(calls) == 5
    assert seen[-1].mask is last
    assert len(calls) == 5


def test_looking_late_shows_the_same_as_looking_at_once(portrait, person):
    found = []
    for at_once in (True, False):
        with Watch(every=20, variant="int8") as watch:
            seen = []
            for index in range(5):
                seen.append(watch.see(pasted(portrait, person, 40 + 4 * index)[0], moving=True))
                if at_once:
                    assert seen[-1].mask.any()
        found.append([silhouette.mask for silhouette in seen])
    np.testing.assert_array_equal(found[0], found[1])


def test_a_mask_that_nobody_looks_at_isnt_put_off_for_ever(portrait, monkeypatch):
    calls = counted(monkeypatch)
    with Watch(every=100, variant="int8") as watch:
        for _ in range(3 * CARRIED_LATER):
            assert watch.see(portrait, moving=True).pending <= CARRIED_LATER
    assert len(calls) >= CARRIED_LATER


def test_under_a_governor_the_model_looks_at_its_turns(portrait):
    with Watch(variant="int8") as watch:
        fresh = []
        for turn in (True, False, False, True):
            watch.node.turn = turn
            fresh.append(watch.see(portrait, moving=True).fresh)
            assert watch.node.looked is turn
    assert fresh == [True, False, False, True]

"""The nodes `director` and `framed`, on made pictures and on a real clip."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from edge.director.director import Crop, Director, Framed
from edge.errors import UserError
from edge.graph import Graph
from edge.io.frames import Frame
from edge.io.video_file import VideoFile
from edge.paths import resource
from edge.people.results import Face, FrameResult, Person
from tests.vision.driving import context

SIZE = (320, 180)
FACE = [60.0, 60.0, 30.0, 36.0]


def frame(index: int, seed: int = 0) -> Frame:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return Frame(np.kron(noise, np.ones((20, 20, 1), np.uint8)), index, index * 40_000)


def people(*faces: list[float]) -> FrameResult:
    known = [Person(id=n, box=box, score=1.0, fresh=True, face=Face(box=box, score=1.0))
             for n, box in enumerate(faces, 1)]  # fmt: skip
    return FrameResult(frame=0, t=0.0, size=list(SIZE), people=known)


def crops(seeds: list[int], seen: list[FrameResult], aspect: str = "1:1") -> list[Crop]:
    node = Director(Director.Settings(aspect=aspect))
    node.open(context())
    found = []
    for index, (seed, result) in enumerate(zip(seeds, seen, strict=True)):
        node.t = index * 40_000
        crop = node.process(frame(index, seed), result)
        assert crop is not None
        found.append(crop)
    return found


def test_a_cut_of_the_picture_is_followed_on_its_frame() -> None:
    elsewhere = [200.0, 40.0, 30.0, 36.0]
    found = crops([1] * 20 + [2] * 20, [people(FACE)] * 20 + [people(elsewhere)] * 20)
    assert [index for index, crop in enumerate(found) if crop.cut] == [0, 20]
    assert found[19].box != found[20].box
    assert found[20].people == (1,)


def test_a_still_scene_has_a_still_crop() -> None:
    found = crops([1] * 60, [people(FACE)] * 60)
    assert {crop.box for crop in found} == {found[0].box}
    assert found[0].shot == "single"


@pytest.mark.parametrize(
    "aspect", ["", "wide", "16/9", "9:0", "0:0", "-1:1", "5:1", "1:5", "1:1:1"]
)
def test_what_is_no_shape_of_a_picture_is_refused(aspect: str) -> None:
    with pytest.raises(ValueError, match="is no shape"):
        Director.Settings(aspect=aspect)
    graph = Graph.load(resource("graphs/reframe.yaml"))
    with pytest.raises(UserError, match=r"reframe.yaml:\d+: nodes.director.with: '.*' is no shape"):
        graph.set("director.aspect", aspect)


@pytest.mark.parametrize("aspect", ["9:16", "16:9", "1:1"])
def test_a_crop_is_shown_alone(aspect: str) -> None:
    (crop,) = crops([1], [people(FACE)], aspect)
    ramp = np.repeat(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], 180, axis=0)
    whole = Frame(np.repeat(ramp, 3, axis=2), 3, 120_000)
    shown = Framed(Framed.Settings()).process(whole, crop)
    width, height = (int(part) for part in aspect.split(":"))
    assert shown.size[1] == 180
    assert shown.size[0] == pytest.approx(180 * width / height, abs=1)
    assert (shown.index, shown.t) == (3, 120_000)
    x, _, wide, _ = crop.box
    edges = shown.bgr[90, [0, -1], 0] / 255 * 319
    assert edges == pytest.approx((x, x + wide), abs=2)


def test_the_crop_is_calm_on_a_real_clip(data: Path) -> None:
    run = Graph.load(resource("graphs/reframe.yaml"))
    run.set("director.aspect", "1:1")
    document = run.run(str(data / "people/four_people_720p.mp4"), offline=True)
    found = [result.value for result in document]
    boxes = np.array([crop.box for crop in found])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= np.array((1280, 720)) + 1e-6).all()
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    speed = np.linalg.norm(np.diff(middles, axis=0), axis=1) * 25 / boxes[1:, 3]
    cut = np.array([crop.cut for crop in found])[1:]
    assert (speed[~cut] < 0.45).all()
    assert cut.sum() <= 1


def test_the_cuts_of_a_real_clip_are_followed_on_their_frames(data: Path) -> None:
    """Its first three scenes; later ones fade into black and out of it, which is no cut."""
    node = Director(Director.Settings())
    node.open(context())
    cuts = []
    video = VideoFile(str(data / "framing/testvideo.mp4"))
    for shown in itertools.islice(video.frames(), 240):
        node.t = shown.t
        nobody = FrameResult(frame=shown.index, t=shown.t / 1e6, size=list(shown.size), people=[])
        crop = node.process(shown, nobody)
        assert crop is not None
        if crop.cut:
            cuts.append(shown.index)
    video.close()
    assert cuts == [0, 30, 180]

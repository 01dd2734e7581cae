"""The node `gestures` on real clips: each gesture once, in order, whatever the mirror."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.graph import Event, Graph, Result
from edge.paths import resource
from edge.people.rows import hands_of

CLIPS = {
    "swipe2_left_right": ["swipe_right", "swipe_left"],
    "swipe_up_down": ["swipe_down", "swipe_up"],
    "zoom_in_out": ["zoom_in", "zoom_out"],
    "clicks": ["tap", "double_tap"],
}


def gestures_in(source: Path, **settings: Any) -> tuple[list[str], list[Result]]:
    """Return the motions that are told of, but `stop`, and the results."""
    graph = Graph.load(resource("graphs/gestures.yaml"))
    for key, value in settings.items():
        graph.set(key.replace("__", "."), value)
    items = list(graph.run(str(source)).items())
    events = [item for item in items if isinstance(item, Event) and item.kind == "gesture"]
    names = [event.fields["name"] for event in sorted(events, key=lambda event: event.t)]
    return [name for name in names if name != "stop"], [i for i in items if isinstance(i, Result)]


@pytest.mark.parametrize("clip", CLIPS)
def test_each_motion_of_a_clip_is_told_of_once_and_in_order(data: Path, clip: str) -> None:
    """By the model that ships, which was trained on these, too; how models do that weren't is
    `make motions ARGS=--folds`."""
    names, results = gestures_in(data / f"gestures/clips/{clip}.gif", camera__mirrored=True)
    assert names == CLIPS[clip]
    shown = [hand.gesture for r in results for p in r.value.people for hand in hands_of(p)]
    assert shown
    assert all(isinstance(gesture, str) for gesture in shown)


def test_a_camera_that_is_no_mirror_sees_the_same_swipes(data: Path, tmp_path: Path) -> None:
    clip = tmp_path / "unmirrored.avi"
    source = cv2.VideoCapture(str(data / "gestures/clips/swipe2_left_right.gif"))
    fps = source.get(cv2.CAP_PROP_FPS)
    writer = None
    while (read := source.read())[0]:
        picture = np.ascontiguousarray(read[1][:, ::-1])
        if writer is None:
            size = picture.shape[1], picture.shape[0]
            writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
            writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 98)
        writer.write(picture)
    assert writer is not None
    writer.release()
    assert gestures_in(clip)[0] == ["swipe_right", "swipe_left"]


def test_either_kind_can_be_left_out(data: Path) -> None:
    clip = data / "gestures/clips/clicks.gif"
    names, results = gestures_in(clip, camera__mirrored=True, gestures__still=False)
    assert names == CLIPS["clicks"]
    hands = [hand for r in results for p in r.value.people for hand in hands_of(p)]
    assert not any(isinstance(hand.gesture, str) for hand in hands)
    names, results = gestures_in(clip, camera__mirrored=True, gestures__moving=False)
    assert names == []


@pytest.mark.parametrize("clip", ["people/thumbs_up_720p.mp4", "hands/open_hand.mp4"])
def test_hands_that_make_no_gesture_are_left_alone(data: Path, clip: str) -> None:
    """All clips are in `make accuracy`."""
    assert gestures_in(data / clip)[0] == []

"""`edge reframe`: another shape, the same sound."""

from pathlib import Path

import av

from tests.cli.program import Edge, is_one_line


def test_a_clip_is_retargeted_with_its_sound(edge: Edge, tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "samples" / "astronaut.mp4"
    done = edge("reframe", sample, "--out", "tall.mp4", "--quiet")
    assert done.returncode == 0, done.stderr
    with av.open(str(tmp_path / "tall.mp4")) as video, av.open(str(sample)) as source:
        picture, before = video.streams.video[0], source.streams.video[0]
        assert abs(picture.width / picture.height - 9 / 16) < 0.01
        assert picture.height == before.height
        assert video.streams.audio
        assert picture.frames == before.frames


def test_what_cannot_be_written_or_is_no_shape_is_said_at_once(edge: Edge, clip: Path) -> None:
    assert is_one_line(edge("reframe", clip, "--out", clip))
    wrong = edge("reframe", clip, "--aspect", "wide", "--out", "x.mp4")
    assert is_one_line(wrong)
    assert "--aspect': 'wide' is no shape: write 16:9" in wrong.stderr

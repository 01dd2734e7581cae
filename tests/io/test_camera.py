"""The camera node on files and images; devices and streams have tests of their own."""

import struct
import threading
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.camera import Camera
from edge.io.frames import Frame


@pytest.fixture
def frames_of(context):
    """Reads all frames of a source: (frames, the error it ended with or None, camera)."""

    def read(source, **settings):
        camera = Camera(Camera.Settings(device=str(source), **settings))
        camera.open(context)
        frames: list[Frame] = []
        error = None
        try:
            for packet in camera.packets():
                assert packet.t == packet.value.t
                frames.append(packet.value)
        except UserError as broken:
            error = str(broken)
        finally:
            camera.close()
        return frames, error, camera

    return read


def levels(frames: list[Frame]) -> list[int]:
    """The grey levels that tell the fixture's pictures apart."""
    return [round((float(frame.bgr.mean()) - 20) / 4) for frame in frames]


def refused(context, source) -> str:
    camera = Camera(Camera.Settings(device=str(source)))
    with pytest.raises(UserError) as caught:
        camera.open(context)
    camera.close()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.mov"])
def test_every_frame_of_a_video_comes_in_order_at_its_own_time(clip, frames_of, name):
    ticks = [0, 40, 80, 200, 210, 500, 520, 1000]
    pictures = [np.full((48, 64, 3), 20 + 4 * i, np.uint8) for i in range(8)]
    frames, error, camera = frames_of(clip(name, pictures, ticks))
    assert [frame.t for frame in frames] == [1000 * tick for tick in ticks]
    assert [frame.index for frame in frames] == list(range(8))
    assert levels(frames) == list(range(8))
    assert error is None
    assert not camera.live
    assert not any(frame.still for frame in frames)


def test_the_number_of_frames_is_known_ahead(clip, frames_of):
    for name in ("clip.mp4", "clip.mkv"):
        assert frames_of(clip(name))[2].frames_total == 30


def test_picture_and_sound_share_the_zero_of_the_container(clip, frames_of):
    sound = np.ones((16000, 1), np.int16)
    frames, *_ = frames_of(clip("late.mkv", ticks=[500 + 40 * i for i in range(30)], sound=sound))
    assert frames[0].t == 500_000


def test_frames_without_timestamps_get_them_from_the_rate(clip, tmp_path, frames_of):
    raw = tmp_path / "raw.h264"
    with av.open(str(clip())) as container, raw.open("wb") as file:
        to_annex_b = av.BitStreamFilterContext("h264_mp4toannexb", container.streams.video[0])
        for packet in container.demux(video=0):
            for filtered in to_annex_b.filter(packet):
                file.write(bytes(filtered))
    frames, error, _ = frames_of(raw)
    assert len(frames) == 30
    steps = {b.t - a.t for a, b in pairwise(frames)}
    assert steps == {40_000}
    assert error is None


def with_display_rotation(path: Path, degrees: int) -> Path:
    """Write a turn of the picture into an MP4's track header, as phones do."""
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = [cos, sin, 0, -sin, cos, 0, 0, 0, 0x40000000]
    fixed = [v if v == 0x40000000 else v * 0x10000 for v in matrix]
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    data[header + 40 : header + 76] = struct.pack(">9i", *fixed)
    turned = path.with_name(f"turned{degrees}.mp4")
    turned.write_bytes(data)
    return turned


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_video_is_turned_as_it_says_and_then_as_the_user_says(clip, frames_of, degrees):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255  # a mark at the top left
    path = with_display_rotation(clip(pictures=[picture] * 5), degrees)
    shown = np.rot90(picture, -degrees // 90)
    for rotate in (0, 90):
        frame = frames_of(path, rotate=rotate)[0][0]
        expected = np.rot90(shown, -rotate // 90)
        assert frame.bgr.shape == expected.shape
        assert np.mean(np.abs(frame.bgr.astype(int) - expected)) < 5


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.mov"])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("share", [0.55, 0.6, 0.63])
def test_a_video_that_was_cut_off_gives_what_is_there_and_then_says_so(
    clip, frames_of, name, threads, share
):
    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    whole = clip(name, list(noise), options={"crf": "23"})
    data = whole.read_bytes()
    whole.write_bytes(data[: int(len(data) * share)])
    with av.open(str(whole)) as container:
        packets = [p for p in container.demux(video=0) if p.size and not p.is_corrupt]
    frames, error, _ = frames_of(whole, decoder_threads=threads)
    assert 25 <= len(frames) == len(packets)
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert f"cut off at {frames[-1].t / 1e6:.2f} s of 2.40 s" in error
    assert f"the {len(frames)} frames up to there were processed" in error


def test_a_video_that_lost_its_last_frames_only_is_noticed(clip, frames_of):
    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    path = clip(pictures=list(noise))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 98 // 100])
    frames, error, _ = frames_of(path)
    assert 55 <= len(frames) < 60
    assert "cut off" in error


def test_damage_within_a_video_is_survived(clip, frames_of, caplog):
    noise = np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3), np.uint8)
    path = clip(pictures=list(noise), options={"crf": "0", "g": "10"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    frames, error, _ = frames_of(path)
    assert len(frames) >= 45
    assert error is None
    assert frames[-1].t == 59 * 40_000


def test_a_truncated_mp4_without_its_index_is_named_as_such(clip, context):
    path = clip()
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    assert "MP4 without its index" in refused(context, path)


def test_bad_sources_are_refused_in_one_line_that_says_what_to_do(clip, tmp_path, context):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    text = tmp_path / "text.mp4"
    text.write_text("no video\n" * 100)
    folder = tmp_path / "folder"
    folder.mkdir()
    wav = clip("sound.wav", [], sound=np.ones((1600, 1), np.int16))
    assert "did you mean 'empty.mp4'?" in refused(context, tmp_path / "emty.mp4")
    assert refused(context, tmp_path / "zzz" / "q.mp4") == f"no such file: {tmp_path}/zzz/q.mp4"
    assert "is empty (0 bytes)" in refused(context, empty)
    assert "is it the right file?" in refused(context, text)
    assert "no images in the folder" in refused(context, folder)
    assert "has no picture, only sound" in refused(context, wav)


def test_an_image_is_one_still_frame_turned_as_exif_says(tmp_path, frames_of):
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :32] = 255
    path = tmp_path / "photo.jpg"
    encoded = cv2.imencode(".jpg", picture)[1].tobytes()
    orientation = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0" + orientation
    path.write_bytes(
        encoded[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + encoded[2:]
    )
    (frame,), error, camera = frames_of(path)
    assert (frame.index, frame.t, frame.still, error) == (0, 0, True, None)
    assert camera.frames_total == 1
    assert frame.size == (32, 64)  # orientation 6: turned clockwise to be shown
    assert frame.bgr[:28].mean() > 250
    assert frame.bgr[36:].mean() < 5


@pytest.fixture
def folder(tmp_path):
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"image{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_a_folder_gives_independent_images_in_natural_order(folder, frames_of):
    frames, error, camera = frames_of(folder)
    assert [int(frame.bgr[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.t for frame in frames] == [0, 1_000_000, 2_000_000]
    assert all(frame.still for frame in frames)
    assert camera.frames_total == 3
    assert error is None


def test_a_rate_makes_a_sequence_of_a_folder(folder, frames_of):
    frames, *_ = frames_of(folder, images_fps=30)
    assert [frame.t for frame in frames] == [0, 33_333, 66_667]
    assert not any(frame.still for frame in frames)


def test_an_unreadable_image_costs_only_itself(folder, frames_of):
    (folder / "image2.png").write_bytes(b"broken")
    frames, error, _ = frames_of(folder)
    assert [frame.index for frame in frames] == [0, 2]
    assert "1 of 3 images can't be read (the first is image2.png)" in error


def test_an_animation_is_a_video(tmp_path, frames_of):
    path = tmp_path / "wave.gif"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for level in (0, 255, 0):
            picture = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    frames, error, _ = frames_of(path)
    assert [int(frame.bgr[0, 0, 0]) for frame in frames] == [0, 255, 0]
    assert [frame.t for frame in frames] == [0, 100_000, 200_000]
    assert not any(frame.still for frame in frames)
    assert error is None


def test_closing_ends_the_frames_from_another_thread(clip, context):
    camera = Camera(Camera.Settings(device=str(clip())))
    camera.open(context)
    seen = []
    closed = threading.Event()

    def read():
        for packet in camera.packets():
            seen.append(packet.value)
            closed.wait(0.01)

    thread = threading.Thread(target=read)
    thread.start()
    camera.close()
    closed.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len(seen) < 30
    assert all(frame.bgr.size for frame in seen)  # what was given out stays good


def test_real_clips_come_whole(data, frames_of):
    for name, count, last in [
        ("people/four_people_720p.mp4", 177, 7_040_000),
        ("talkers/bbaf2n.mpg", 75, 2_960_000),
        ("gestures/clips/clicks.gif", 15, 930_000),
    ]:
        frames, error, _ = frames_of(data / name)
        assert (len(frames), frames[-1].t, error) == (count, last, None)


def test_frames_say_whether_they_are_a_selfie_view(clip, frames_of):
    path = clip("clip.mp4", [np.zeros((48, 64, 3), np.uint8)] * 2, [0, 40])
    assert [frame.mirrored for frame in frames_of(path)[0]] == [False, False]
    assert [frame.mirrored for frame in frames_of(path, mirrored=True)[0]] == [True, True]

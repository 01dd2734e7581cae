import threading

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.io.frames import Frame

LUMA_WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}  # red, blue, by FFmpeg's number
LIMITED, FULL = 1, 2


def decoded(y: int, u: int, v: int, matrix: int = 5, color_range: int = LIMITED) -> av.VideoFrame:
    frame = av.VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, (y, u, v), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.colorspace, frame.color_range = matrix, color_range
    return frame


def bgr_by_definition(y: int, u: int, v: int, matrix: int, color_range: int) -> list[float]:
    """ITU-R BT.601 and BT.709: luma and colour differences back to red, green and blue."""
    luma, chroma, black = (255, 255, 0) if color_range == FULL else (219, 224, 16)
    kr, kb = LUMA_WEIGHTS[matrix]
    bright, cb, cr = (y - black) / luma, (u - 128) / chroma, (v - 128) / chroma
    red, blue = bright + 2 * (1 - kr) * cr, bright + 2 * (1 - kb) * cb
    green = (bright - kr * red - kb * blue) / (1 - kr - kb)
    return [255 * min(max(value, 0), 1) for value in (blue, green, red)]


@pytest.mark.parametrize("matrix", LUMA_WEIGHTS)
@pytest.mark.parametrize("color_range", [LIMITED, FULL])
def test_colours_follow_the_matrix_and_range_that_a_frame_is_flagged_with(matrix, color_range):
    frame = Frame(decoded(120, 90, 180, matrix, color_range), 0, 0)
    expected = bgr_by_definition(120, 90, 180, matrix, color_range)
    np.testing.assert_allclose(frame.bgr[20, 20], expected, atol=2.5)
    np.testing.assert_array_equal(frame.rgb[20, 20], frame.bgr[20, 20, ::-1])


def test_grey_is_the_decoded_luma_unconverted():
    picture = decoded(16, 90, 180)
    frame = Frame(picture, 0, 0)
    assert frame.grey.shape == (48, 64)
    assert np.all(frame.grey == 16)
    assert np.shares_memory(frame.grey, np.frombuffer(memoryview(picture.planes[0]), np.uint8))


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_rotation_is_clockwise_in_all_that_is_read_from_a_frame(rotate):
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    turned = np.rot90(picture, -rotate // 90)
    frame = Frame(picture, 0, 0, rotate=rotate)
    assert frame.size == (turned.shape[1], turned.shape[0])
    np.testing.assert_array_equal(frame.bgr, turned)
    np.testing.assert_array_equal(frame.grey, cv2.cvtColor(turned.copy(), cv2.COLOR_BGR2GRAY))
    yuv = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format="yuv420p")
    unturned = Frame(yuv, 0, 0)
    assert Frame(yuv, 0, 0, rotate=rotate).size == frame.size
    for name in ("bgr", "grey"):
        expected = np.rot90(getattr(unturned, name), -rotate // 90)
        np.testing.assert_array_equal(getattr(Frame(yuv, 0, 0, rotate=rotate), name), expected)


def test_what_many_threads_ask_for_at_once_is_made_once():
    frame = Frame(decoded(120, 90, 180), 0, 0)
    together = threading.Barrier(8)
    got = []

    def ask():
        together.wait()
        got.append((frame.bgr, frame.grey, frame.thumbnail(16)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert {tuple(map(id, pictures)) for pictures in got} == {tuple(map(id, got[0]))}


@pytest.mark.parametrize("name", ["bgr", "rgb", "grey"])
def test_pictures_are_read_only(name):
    for frame in (Frame(decoded(9, 9, 9), 0, 0), Frame(np.zeros((4, 4, 3), np.uint8), 0, 0)):
        with pytest.raises(ValueError, match="read-only"):
            getattr(frame, name)[0, 0] = 1


def test_a_thumbnail_keeps_proportions_and_brightness():
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, 80:] = 200
    small = Frame(picture, 0, 0).thumbnail(16)
    assert small.shape == (9, 16)
    assert np.all(small[:, :8] == 0)
    assert np.all(small[:, 8:] == 200)


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_thumbnail_is_the_same_whether_or_not_all_is_grey(rotate):
    picture = np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
    one, other = (Frame(picture.copy(), 0, 0, rotate=rotate) for _ in range(2))
    assert other.grey.shape == one.size[::-1]
    np.testing.assert_array_equal(one.thumbnail(16), other.thumbnail(16))


@pytest.mark.parametrize("rotate", [0, 90])
def test_grey_pictures_and_pictures_with_a_transparency_are_taken_too(rotate):
    grey = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
    picture = np.dstack((grey, grey, grey))
    expected = Frame(picture, 0, 0, rotate=rotate)
    for other in (grey, grey[:, :, None], np.dstack((picture, 255 - grey))):
        frame = Frame(other.copy(), 0, 0, rotate=rotate)
        assert frame.size == expected.size
        np.testing.assert_array_equal(frame.bgr, expected.bgr)
        np.testing.assert_array_equal(frame.grey, expected.grey)


def patterned(width: int = 160, height: int = 120) -> Frame:
    y, x = np.mgrid[:height, :width]
    return Frame(np.dstack((x, y, (x + y) // 2)).astype(np.uint8), 0, 0)


def test_a_patch_is_a_square_of_the_grey_picture_made_once():
    frame = patterned()
    patch = frame.patch(20, 30, 64, 32)
    expected = cv2.resize(frame.grey[30:94, 20:84], (32, 32))
    assert np.abs(patch.astype(int) - expected).max() <= 1
    assert frame.patch(20, 30, 64, 32) is patch


@given(st.integers(-100, 200), st.integers(-100, 200), st.integers(8, 200))
def test_beyond_the_picture_a_patch_repeats_its_edges(left, top, length):
    frame = patterned()
    patch = frame.patch(left, top, length, 24)
    step = length / 24
    x = np.clip(left + (np.arange(24) + 0.5) * step - 0.5, 0, 159)
    y = np.clip(top + (np.arange(24) + 0.5) * step - 0.5, 0, 119)
    blue, green, red = x[None, :], y[:, None], (x[None, :] + y[:, None]) / 2
    grey = 0.114 * blue + 0.587 * green + 0.299 * red
    assert np.abs(patch - grey).max() < 2.5


def test_a_frame_that_carries_luma_gives_patches_of_it():
    frame = Frame(decoded(120, 90, 180), 0, 0)
    assert (frame.patch(5, 5, 20, 10) == 120).all()

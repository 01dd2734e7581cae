import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision import regions as regions_module
from edge.vision.regions import Cropper, crop_to_picture, project, whole
from tests.vision.driving import read

# Two 8-bit resamplers round weights and sums differently: never by more than a few steps of 255,
# and hardly anywhere by more than 5.
MEAN_DIFFERENCE = 0.35
MORE_THAN_5 = 2e-4
MOST = 8

# Centre x, y, width, height as parts of the picture, and degrees; size; keep aspect.
MEDIUM = (0.65, 0.4, 0.5, 0.5)
LARGE = (0.5, 0.5, 1.5, 1.1)
GOLDEN = {
    "medium_sub_rect_keep_aspect": (MEDIUM, 0, (256, 256), True),
    "medium_sub_rect_keep_aspect_with_rotation": (MEDIUM, 90, (256, 256), True),
    "medium_sub_rect_with_rotation": (MEDIUM, -45, (256, 256), False),
    "large_sub_rect": (LARGE, 0, (128, 128), False),
    "large_sub_rect_keep_aspect": (LARGE, 0, (128, 128), True),
    "large_sub_rect_keep_aspect_with_rotation": (LARGE, -15, (128, 128), True),
    "noop_except_range": ((0.5, 0.5, 1, 1), 0, (64, 128), True),
}
# Found by fitting: the golden pictures of a sampler that takes pixels for squares, borders black.
CENTRED = {
    "crop_rect1": (0.4, 0.6, 1.2, 1.0),
    "crop_rect2": (0.6, 0.4, 0.6, 0.5),
    "crop_rect3": (0.5, 0.5, 0.25, 0.25),
}


def region(parts, size, degrees=0):
    pixels = [part * side for part, side in zip(parts, size * 2, strict=True)]
    return [*pixels, math.radians(degrees)]


def check(crop, golden_path):
    golden = cv2.cvtColor(read(golden_path), cv2.COLOR_BGR2RGB)
    difference = np.abs(crop.astype(int) - golden)
    assert difference.mean() <= MEAN_DIFFERENCE
    assert (difference > 5).mean() <= MORE_THAN_5
    assert difference.max() <= MOST


@pytest.mark.parametrize("edges", [True, False], ids=["repeated", "black"])
@pytest.mark.parametrize("name", GOLDEN)
def test_crops_equal_the_golden_pictures(data, name, edges):
    parts, degrees, size, keep_aspect = GOLDEN[name]
    picture = read(data / "geometry/input.jpg")
    cropper = Cropper(*size, edges=edges, keep_aspect=keep_aspect)
    crop = cropper.cut(picture, region(parts, (64, 128), degrees))
    inside = edges or name == "noop_except_range"
    check(crop.rgb, data / f"geometry/{name}{'' if inside else '_border_zero'}.png")


@pytest.mark.parametrize("name", CENTRED)
def test_crops_sampled_at_the_middle_of_pixels_equal_their_golden_pictures(data, name):
    picture = read(data / "geometry/input.jpg")
    cropper = Cropper(128, 128, edges=False, centred=True)
    check(cropper.cut(picture, region(CENTRED[name], (64, 128))).rgb, data / f"geometry/{name}.png")


def test_a_crop_outside_of_the_picture_is_empty(data):
    picture = read(data / "geometry/input.jpg")
    crop = Cropper(128, 128, edges=False).cut(picture, region((3, 3, 1, 1), (64, 128)))
    check(crop.rgb, data / "geometry/crop_empty.png")


sides = st.floats(1, 8000)
regions = st.tuples(
    st.floats(-8000, 8000), st.floats(-8000, 8000), sides, sides, st.floats(-10, 10)
)
sizes = st.tuples(st.integers(16, 512), st.integers(16, 512))


@given(regions, sizes, st.booleans())
def test_what_is_projected_can_be_taken_back(region, size, keep_aspect):
    matrix = crop_to_picture(region, size, keep_aspect)
    points = np.random.default_rng(0).uniform(0, size, (20, 2)).astype(np.float32)
    inverse = cv2.invertAffineTransform(matrix).astype(np.float64)
    back = project(project(points, matrix), inverse)
    # float32 holds 24 bits of positions up to some 20,000 px, magnified by the crop.
    scale = np.linalg.norm(matrix[:, 0])
    tolerance = 1e-3 * max(size) + 0.02 / min(scale, np.linalg.norm(matrix[:, 1]))
    np.testing.assert_allclose(back, points, atol=tolerance)


@given(regions, sizes, st.booleans())
def test_the_middle_of_the_crop_is_the_middle_of_the_region(region, size, keep_aspect):
    middle = np.array([size[0] / 2, size[1] / 2], np.float32)
    there = project(middle, crop_to_picture(region, size, keep_aspect))
    np.testing.assert_allclose(there, region[:2], atol=0.02)


@given(regions, sizes)
def test_keeping_the_aspect_widens_and_never_cuts(region, size):
    matrix = crop_to_picture(region, size, keep_aspect=True)
    across, down = np.linalg.norm(matrix[:, :2], axis=0)
    assert across == pytest.approx(down)
    assert across * size[0] >= region[2] * (1 - 1e-9)
    assert down * size[1] >= region[3] * (1 - 1e-9)
    assert across == pytest.approx(max(region[2] / size[0], region[3] / size[1]))


def test_a_landmark_is_where_it_was_in_the_crop():
    picture = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(picture, (400, 300), 6, (255, 255, 255), -1)
    crop = Cropper(192, 192).cut(picture, [380, 290, 200, 200, 0.7])
    y, x = np.argwhere(crop.rgb[..., 0] > 128).mean(axis=0)
    there = project(np.array([x, y], np.float32), crop.matrix)
    np.testing.assert_allclose(there, (400, 300), atol=0.5)


def test_the_frame_is_read_only_and_its_colours_are_turned_on_the_crop_alone():
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[..., 0] = 200
    picture.flags.writeable = False
    cropper = Cropper(64, 32)
    crop = cropper.cut(picture, whole((200, 100)))
    assert crop.rgb.shape == (32, 64, 3)
    assert (crop.rgb == (0, 0, 200)).all()
    assert cropper.cut(picture, whole((200, 100))).rgb is crop.rgb


@given(
    centre=st.tuples(st.floats(-100, 740), st.floats(-100, 460)),
    sides=st.tuples(st.floats(5, 900), st.floats(5, 900)),
    angle=st.floats(-math.pi, math.pi),
    edges=st.booleans(),
    centred=st.booleans(),
)
def test_reading_a_region_first_changes_nothing(centre, sides, angle, edges, centred):
    """Beside OpenCV's rounding: positions count in 1/32 of a pixel. Blocks are small here, for all
    of them to be seen."""
    x, y = np.meshgrid(np.arange(640), np.arange(360))
    picture = np.stack((x // 3, y // 2, (x + y) // 4), axis=-1).astype(np.uint8)
    cropper = Cropper(48, 32, edges=edges, centred=centred)
    region = (*centre, *sides, angle)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions_module, "NEAR", 1e6)
        patch.setattr(regions_module, "BLOCK", 3000)
        near = cropper.cut(picture, region).rgb.astype(int)
        patch.setattr(regions_module, "NEAR", 0)
        whole = cropper.cut(picture, region).rgb.astype(int)
    difference = np.abs(near - whole)
    # The edge of a black border is as steep as 255 a pixel.
    assert difference.max() <= (2 if edges else 255 // 32 + 1)
    assert difference.mean() < 0.35

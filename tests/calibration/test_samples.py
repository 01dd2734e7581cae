import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import samples as package
from calibration.samples import MAKERS, Sample, crops, fingerprint, samples, sources, views
from calibration.samples.sources import HANDS, PEOPLE, SCENES, Source
from calibration.samples.variation import degraded, generator, steady, strayed, window
from edge.errors import UserError
from edge.inference.manifest import shipped


@pytest.fixture
def small(monkeypatch, tmp_path, data):
    """Few samples, of one photo a side, in a store of their own."""
    monkeypatch.setattr(package, "STORE", tmp_path)
    monkeypatch.setattr(crops, "SETTINGS", crops.Settings(positives=6, negatives=2))
    monkeypatch.setattr(views, "SETTINGS", views.Settings(people=4, empty=2))
    for name, photos in {
        "PEOPLE": ("face/2009_004587.jpg", "face/portrait.jpg"),
        "SCENES": ("geometry/large_sub_rect.png", "geometry/input.jpg"),
        "HANDS": ("hands/test_image.jpg", "hands/hands.jpg"),
    }.items():
        table = {
            split: (Source(photo),)
            for split, photo in zip(("calibration", "verification"), photos, strict=True)
        }
        for module in (sources, crops, views):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, table)
    crops.found.cache_clear()
    yield tmp_path
    crops.found.cache_clear()


@pytest.mark.parametrize("table", [PEOPLE, HANDS, SCENES])
def test_no_file_is_on_both_sides(table):
    sides = [{source.path for source in table[split]} for split in table]
    assert len(sides) == 2
    assert not sides[0] & sides[1]
    assert all(len(paths) == len(table[split]) for paths, split in zip(sides, table, strict=True))


def test_every_source_is_there_once(data):
    for table in (PEOPLE, HANDS, SCENES):
        for source in (*table["calibration"], *table["verification"]):
            if not source.path.startswith(sources.IN_WHEEL):
                assert len(list(data.glob(source.path))) == 1, source.path


@pytest.mark.parametrize(
    "model", [name for name in MAKERS if not name.startswith("voice") and name != "image_embedding"]
)
def test_samples_are_what_the_model_takes(small, model):
    taken = samples(model, "verification")
    assert taken
    for sample in taken:
        for value, spec in zip(sample, shipped().model(model).inputs, strict=True):
            assert value.shape == spec.shape[1:]
            assert value.dtype == (np.uint8 if spec.range else np.float32)
            assert np.isfinite(value).all()


def test_the_same_samples_come_out_every_time_and_others_for_the_other_side(small):
    first = samples("face_landmarks_468", "verification")
    for path in (small / "samples").iterdir():
        path.unlink()
    crops.found.cache_clear()
    assert fingerprint(samples("face_landmarks_468", "verification")) == fingerprint(first)
    other = samples("face_landmarks_468", "calibration")
    shared = {sample[0].tobytes() for sample in first} & {sample[0].tobytes() for sample in other}
    assert not shared


def test_what_was_made_is_kept_and_what_is_stale_is_not(small, monkeypatch):
    samples("face_near", "verification")
    (kept,) = (small / "samples").iterdir()
    monkeypatch.setitem(MAKERS, "face_near", None)  # would fail if it was called again
    assert len(samples("face_near", "verification")) == 6
    kept.write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"is damaged .* delete it"):
        samples("face_near", "verification")


def test_unknown_names_and_missing_pictures_are_told(monkeypatch, tmp_path):
    with pytest.raises(UserError, match="no samples for 'plam'; did you mean 'palm'"):
        samples("plam", "calibration")
    monkeypatch.setenv("EDGE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="EDGE_DATA=FOLDER"):
        sources.data_folder()
    monkeypatch.setenv("EDGE_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"has 0 files face/x\*, not 1"):
        sources._place("face/x*")


def test_a_fingerprint_is_of_values_types_shapes_and_order():
    one: list[Sample] = [(np.zeros((2, 2), np.uint8),), (np.ones((2, 2), np.uint8),)]
    others: list[list[Sample]] = [
        [(np.zeros((4,), np.uint8),), one[1]],
        [(np.zeros((2, 2), np.int8),), one[1]],
        one[::-1],
        one[:1],
        [(*one[0], *one[1])],
    ]
    assert len({fingerprint(some) for some in [one, *others]}) == 6
    assert fingerprint([(np.zeros((2, 2), np.uint8),), one[1]]) == fingerprint(one)


@given(st.integers(0, 10_000), st.floats(20, 2000), st.floats(-3, 3))
def test_a_tracking_error_is_a_small_one(seed, side, angle):
    region = np.array((500, 400, side, side, angle), np.float32)
    moved = strayed(region, generator("test", seed))
    assert np.abs(moved[:2] - region[:2]).max() <= 0.071 * side
    assert 1 / 1.16 < moved[2] / side < 1.16
    assert abs(moved[4] - angle) <= math.radians(15.1)
    assert np.abs(steady(moved)[:4] - moved[:4]).max() <= 0.5


@given(
    seed=st.integers(0, 10_000),
    size=st.tuples(st.integers(60, 2000), st.integers(60, 2000)),
    aspect=st.sampled_from((16 / 9, 4 / 3, 1.0, 3 / 4)),
)
def test_a_window_stays_in_the_picture_in_its_proportions(seed, size, aspect):
    draw = generator("test", seed)
    centre = draw.uniform(0, 1, 2) * size
    around = np.array((*centre, 50, 50, 0.3), np.float32)
    x, y, width, height, _ = window(around, size, aspect, draw, reach=8)
    assert width / height == pytest.approx(aspect, rel=1e-3)
    assert x - width / 2 >= -0.1
    assert y - height / 2 >= -0.1
    assert x + width / 2 <= size[0] + 0.1
    assert y + height / 2 <= size[1] + 0.1


def test_degrading_is_seeded_and_keeps_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    untouched = picture.copy()
    results = [degraded(picture, generator("test", seed)) for seed in range(20)]
    assert (picture == untouched).all()
    assert len({result.tobytes() for result in results}) == 20
    assert all(result.shape == picture.shape and result.dtype == np.uint8 for result in results)
    assert (degraded(picture, generator("test", 3)) == results[3]).all()

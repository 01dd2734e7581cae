"""Samples of voices: whose they are, and that they are the same every time."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from calibration.rebuild import PARENTS, STORE
from calibration.samples import voices
from calibration.samples.voices import VOICES, of_activity, of_embedding


@pytest.fixture
def two_voices(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one talker on each side only."""
    if not any(STORE.glob(f"{PARENTS['voice_activity'].sha256[:8]}-*")):
        pytest.skip("the published network isn't fetched: make models")
    monkeypatch.setitem(VOICES, "calibration", ("talkers/lbax4n.mpg",))
    monkeypatch.setitem(VOICES, "verification", ("talkers/pwij3p.mpg",))


def test_no_recording_is_on_both_sides() -> None:
    assert not set(VOICES["calibration"]) & set(VOICES["verification"])


def test_calls_of_voice_activity_follow_each_other(two_voices: None) -> None:
    samples = of_activity("voice_activity", "calibration")
    assert {tuple(part.shape for part in sample) for sample in samples} == {
        ((576,), (128,), (128,))
    }
    assert all(part.dtype == np.float32 for sample in samples for part in sample)
    begins = [place for place, (_, h, c) in enumerate(samples) if not h.any() and not c.any()]
    assert len(begins) == 7  # the talker, over noise too, and five sounds without a voice
    for before, after in pairwise(samples[:40]):
        assert np.array_equal(after[0][:64], before[0][-64:])


def test_the_same_samples_every_time(two_voices: None) -> None:
    voices.read.cache_clear()
    first = of_embedding("voice_embedding", "verification")
    voices.read.cache_clear()
    again = of_embedding("voice_embedding", "verification")
    assert len(first) == len(again) >= 2
    for one, other in zip(first, again, strict=True):
        assert one[0].shape == (160, 40)
        assert np.array_equal(one[0], other[0])
        assert one[0].max() > 0

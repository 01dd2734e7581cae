"""Gestures that a user teaches: a few photos of each suffice, and nothing else is taken for one."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UserError
from edge.people.taught_gestures import check_name, forget, keep, kept, learn, taught
from tests.people.photos import KINDS, described, hands_in

Photos = dict[str, list[list[np.ndarray]]]
SPLITS, EXAMPLES = 20, 5


@pytest.fixture(scope="module")
def photos(data: Path) -> Photos:
    return {kind: described(data / "gestures/photos" / kind) for kind in KINDS}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGE_CONFIG", str(tmp_path))
    return tmp_path


def test_five_photos_of_each_suffice(photos: Photos) -> None:
    """Hands that aren't found count as wrong."""
    right = total = 0
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(10)
        known = {kind: [photos[kind][i] for i in order[:EXAMPLES]] for kind in KINDS[:3]}
        learned = learn(known)
        for kind in KINDS[:3]:
            for i in order[EXAMPLES:]:
                answers = {learned.recognize(hand)[0] for hand in photos[kind][i]} - {None}
                right += answers == {kind}
                total += 1
    print(f"{right / total:.4f}")
    assert right / total >= 0.9


def test_photos_of_none_of_them_are_none(photos: Photos) -> None:
    learned = learn({kind: photos[kind] for kind in KINDS[:3]})
    answers = [learned.recognize(hand)[0] for photo in photos["none"] for hand in photo]
    assert len(answers) >= 10
    assert set(answers) == {None}


def test_examples_of_none_take_what_is_like_them(photos: Photos) -> None:
    """The same photos as something else: then they aren't that gesture any more."""
    learned = learn({"call": photos["call"], "none": photos["call"][:1]})
    assert all(learned.recognize(hand)[0] is None for hand in photos["call"][0])


def test_what_is_known_anyway_stays_so(data: Path, photos: Photos, own: Path) -> None:
    for kind in KINDS[:3]:
        keep(kind, photos[kind])
    (hands,) = hands_in(data / "gestures/photos/hand_thumb_up.jpg")
    assert "thumb_up" in {hand.gesture for hand in hands}
    shown = [{hand.gesture for hand in hands} for hands in hands_in(data / "gestures/photos/rock")]
    assert sum("rock" in names for names in shown) >= 9
    assert not any({"call", "four"} & names for names in shown)


def test_what_is_kept_is_read_and_forgotten(own: Path) -> None:
    assert taught() is None
    hand = np.arange(10, dtype=np.float32)
    keep("call", [[hand, hand + 5], [], [hand + 1], [hand + 2]])
    read = kept()["call"]
    assert [len(photo) for photo in read] == [2, 1, 1]
    known = taught()
    assert known is not None
    assert known.recognize(hand + 1)[0] == "call"
    with pytest.raises(UserError, match="did you mean 'call'"):
        forget("cal")
    forget("call")
    assert taught() is None


def test_none_alone_teaches_nothing(own: Path) -> None:
    keep("none", [[np.zeros(10, np.float32)]])
    assert taught() is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hands"])
def test_a_damaged_file_is_said_with_what_to_do(own: Path, content: bytes) -> None:
    keep("call", [[np.zeros(10, np.float32)]] * 3)
    (own / "gestures/call.npz").write_bytes(content)
    with pytest.raises(UserError, match="edge gestures remove call"):
        kept()


@given(st.text())
def test_names_are_words_and_never_paths(name: str) -> None:
    try:
        check_name(name)
    except UserError:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert name

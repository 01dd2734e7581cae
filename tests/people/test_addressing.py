"""Looking and talking, as vectors of signs over 60 s: who is addressed, and when."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.people.addressing import SECOND, Addressee, AddressingSettings, Said, Signs

RATE = 15
SECONDS = 60
Way = tuple[float, float]
DEVICE: Way = (0.0, 0.0)
BESIDE: Way = (45.0, -5.0)
PHONE: Way = (3.0, -38.0)
Scene = Callable[[float], dict[str, object]]


def between(t: float, *spans: tuple[float, float]) -> bool:
    return any(start <= t < end for start, end in spans)


def played(scene: Scene, rate: float = RATE, seed: int = 0) -> list[Said]:
    """Return what follows from a scene: keys of `Signs` at each time, s; `way` for head and eyes.

    Angles tremble as those of a face at 1.5 m do, and every tenth gaze is missing.
    """
    draw = np.random.default_rng(seed)
    known, said = Addressee(AddressingSettings()), []
    began: float | None = None
    for index in range(int(SECONDS * rate)):
        t = index / rate
        now = scene(t)
        talks = bool(now.pop("talks", False))
        began = (t if began is None else began) if talks else None
        head = now.pop("head", now.get("way"))
        eyes = now.pop("way", None)
        shaken = tuple(
            None if way is None else (way[0] + draw.normal(0, sd), way[1] + draw.normal(0, sd))  # type: ignore[index]
            for way, sd in ((head, 2.0), (eyes, 5.0))
        )
        signs = Signs(
            round(t * SECOND),
            shaken[0],
            None if now.pop("dark", False) or draw.random() < 0.1 else shaken[1],
            float(now.pop("far", 1.5)) * draw.normal(1, 0.03),  # type: ignore[arg-type]
            # The speaker is known after a moment, and now and then doubted.
            0.85 * (talks and t - (began or 0) > 0.4 and draw.random() > 0.05),
            None if began is None else round(began * SECOND),
        )
        assert not now
        said += known.see(signs)
    return said + known.gone(SECONDS * SECOND)


def looks_and_talks(t: float) -> dict[str, object]:
    """Twice: at 10 s for 4 s, and at 40 s for 2 s; looks away in between."""
    looking = between(t, (9, 15), (38.5, 43))
    return {"way": DEVICE if looking else BESIDE, "talks": between(t, (10, 14), (40, 42))}


def glances(t: float) -> dict[str, object]:
    """Every 5 s for 0.6 s, while talking to somebody else all the time."""
    return {"way": DEVICE if t % 5 < 0.6 else BESIDE, "talks": t % 7 < 5}


def silent_glances(t: float) -> dict[str, object]:
    return {"way": DEVICE if t % 4 < 0.7 else BESIDE}


def talks_to_another(t: float) -> dict[str, object]:
    return {"way": BESIDE, "talks": between(t, (5, 20), (25, 50))}


def walks_by(t: float) -> dict[str, object]:
    """For 4 s, from 20 s on, talking; the head sweeps past the device."""
    if not between(t, (20, 24)):
        return {"head": None, "way": None}
    return {"way": (60 - 30 * (t - 20), 0.0), "talks": True, "far": 2.5}


def on_the_phone(t: float) -> dict[str, object]:
    return {"way": PHONE, "talks": between(t, (5, 15), (30, 50))}


def eyes_on_the_phone(t: float) -> dict[str, object]:
    """The head bent a little only."""
    return {"head": (2.0, -14.0), "way": (3.0, -34.0), "talks": between(t, (5, 15), (30, 50))}


def sunglasses(t: float) -> dict[str, object]:
    looking = between(t, (19, 26))
    return {"way": DEVICE if looking else BESIDE, "dark": True, "talks": between(t, (20, 24))}


def far_away(t: float) -> dict[str, object]:
    return {"way": DEVICE, "talks": between(t, (10, 20)), "far": 5.5}


def just_looks(t: float) -> dict[str, object]:
    return {"way": DEVICE}


@pytest.mark.parametrize("seed", range(3))
def test_who_looks_and_talks_is_told_of_with_when_they_began(seed: int) -> None:
    said = played(looks_and_talks, seed=seed)
    assert [s.kind for s in said] == ["addressed", "addressed_ended"] * 2
    for first, (began, ended) in zip(said[::2], ((10, 14), (40, 42)), strict=True):
        assert first.speech_t == pytest.approx(began * SECOND, abs=0.1 * SECOND)
        assert began < first.t / SECOND < began + 1.2
        last = said[said.index(first) + 1]
        assert ended < last.t / SECOND < ended + 2.0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "scene",
    [glances, silent_glances, talks_to_another, walks_by, on_the_phone, eyes_on_the_phone,
     far_away, just_looks],
)  # fmt: skip
def test_nobody_else_is(scene: Scene, seed: int) -> None:
    assert played(scene, seed=seed) == []


def test_sunglasses_leave_the_head_to_tell() -> None:
    said = played(sunglasses)
    assert [s.kind for s in said] == ["addressed", "addressed_ended"]
    assert said[0].speech_t == pytest.approx(20 * SECOND, abs=0.1 * SECOND)


def test_of_two_who_look_only_the_one_who_talks_addresses() -> None:
    assert played(just_looks, seed=1) == []
    assert next(said.kind for said in played(looks_and_talks, seed=2)) == "addressed"


def test_who_speaks_on_after_a_pause_is_still_the_same() -> None:
    def scene(t: float) -> dict[str, object]:
        return {"way": DEVICE, "talks": between(t, (10, 12), (13, 15))}

    said = played(scene)
    assert [s.kind for s in said] == ["addressed", "addressed_ended"]
    assert said[1].t > 15 * SECOND


def test_turning_away_ends_it_though_they_talk_on() -> None:
    def scene(t: float) -> dict[str, object]:
        return {"way": DEVICE if t < 15 else BESIDE, "talks": between(t, (10, 50))}

    said = played(scene)
    assert [s.kind for s in said] == ["addressed", "addressed_ended"]
    assert 15 < said[1].t / SECOND < 19


def test_where_somebody_looks_by_nature_is_learned() -> None:
    """Whose head is bent by 17° when they look, as that of who wears reading glasses."""
    known = Addressee(AddressingSettings())
    for index in range(60 * RATE):
        known.see(Signs(index * SECOND // RATE, (0.0, -17.0)))
    before = Addressee(AddressingSettings())
    before.see(Signs(0, (0.0, -17.0)))
    before.see(Signs(60 * SECOND, (0.0, -17.0)))
    assert known.attention > before.attention + 0.1


@pytest.mark.parametrize("rate", [5.0, 30.0])
def test_times_hold_at_any_rate(rate: float) -> None:
    said = played(looks_and_talks, rate=rate)
    assert [s.kind for s in said] == ["addressed", "addressed_ended"] * 2


SIGNS = st.tuples(
    st.integers(1, SECOND),
    st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    st.none() | st.floats(0, 100),
    st.floats(0, 1),
    st.booleans(),
)


@given(st.lists(SIGNS, max_size=60))
def test_whatever_comes_beginnings_and_ends_take_turns(steps: list[tuple]) -> None:
    known, said, t = Addressee(AddressingSettings()), [], 0
    for passed, facing, gazing, far, speaking, voice in steps:
        t += passed
        said += known.see(Signs(t, facing, gazing, far, speaking, t - passed if voice else None))
        assert 0 <= known.attention <= 1
    said += known.gone(t)
    kinds = [s.kind for s in said]
    assert kinds == ["addressed", "addressed_ended"] * (len(kinds) // 2)
    assert all(s.speech_t <= s.t for s in said)

"""Conversations made of talkers: who speaks is known by construction."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.conversation.talkers import TICK_SAMPLES, TICKS, Talker
from calibration.samples.voices import music

Floats = NDArray[Any]

TURNS = 4
"""Of one clip's length each."""
IDLE = 9
"""Ticks at a clip's beginning in which the talker is silent, their head moving as heads do."""
BRIDGED = 10
"""Ticks of silence in mid-speech that still are the speaker's: 0.4 s."""
KINDS = ("listen", "still", "lips", "foreign", "shifted", "chewing", "music")


class Scene(NamedTuple):
    """`lips`: of each person, (ticks, 168). `sound`: samples. `speaks` (ticks,): a voice is heard.
    `truth` (people, ticks): whose it is."""

    lips: list[Floats]
    sound: Floats
    speaks: NDArray[np.bool_]
    truth: NDArray[np.bool_]


def scene(kind: str, talkers: Sequence[Talker], others: Sequence[Talker], draw: np.random.Generator
          ) -> Scene:  # fmt: skip
    """Return a scene of 12 s of one to four of `talkers`, who take turns.

    `kind`: "listen", the others' heads move as of who listens; "still", they are photos; "lips",
    they move their lips to a sentence of their own; "foreign", all do, and one of `others` is
    heard; "shifted", one does to their own sound, half a second or more off; "chewing", jaws go and
    one of `others` is heard; "music", lips move to music.
    """
    people = [
        talkers[int(i)]._replace(
            lips=talkers[int(i)].looks[draw.integers(len(talkers[int(i)].looks))]
        )
        for i in draw.permutation(len(talkers))[: draw.integers(1, 5)]
    ]
    truth = np.zeros((len(people), TURNS * TICKS), bool)
    lips: list[list[Floats]] = [[] for _ in people]
    sound, speaks = [], []
    for turn in range(TURNS):
        who = int(draw.integers(len(people)))
        heard = (
            others[int(draw.integers(len(others)))]
            if kind in ("foreign", "chewing")
            else people[who]
        )
        shift = int(draw.integers(13, 50)) if kind == "shifted" else 0
        samples, active = np.roll(heard.sound, shift * TICK_SAMPLES), np.roll(heard.speaks, shift)
        if kind == "music":
            seconds = np.arange(len(samples)) / (25 * TICK_SAMPLES)
            samples, active = music(seconds, draw), np.ones(TICKS, bool)
        sound.append(samples)
        speaks.append(active)
        for index, person in enumerate(people):
            if index == who and kind in ("listen", "still", "lips", "shifted"):
                lips[index].append(person.lips)
                if kind != "shifted":
                    truth[index, turn * TICKS : (turn + 1) * TICKS] = active
            else:
                lips[index].append(_silent(kind, person, draw))
    whole = [np.concatenate(parts) for parts in lips]
    return Scene(whole, np.concatenate(sound), np.concatenate(speaks), bridged(truth))


def _silent(kind: str, person: Talker, draw: np.random.Generator) -> Floats:
    """Return the lips of somebody who isn't heard, as `kind` has it."""
    if kind == "still":
        return np.repeat(person.lips[draw.integers(TICKS)][None], TICKS, axis=0) + _noise(
            person, draw
        )
    if kind in ("listen", "chewing"):
        idle = np.concatenate((person.lips[:IDLE], person.lips[IDLE - 1 :: -1]))
        calm = np.resize(
            np.roll(idle, draw.integers(2 * IDLE), axis=0), (TICKS, person.lips.shape[1])
        )
        calm = calm + _noise(person, draw)
        return calm + _chewing(person, draw) if kind == "chewing" else calm
    # Half of them as they were, for whose beginnings coincide are hardest to tell apart.
    return np.roll(person.lips, draw.integers(TICKS) if draw.random() < 0.5 else 0, axis=0)


def _chewing(person: Talker, draw: np.random.Generator) -> Floats:
    """Return movements to and fro between a person's most different shapes, in bouts."""
    middle = person.lips.mean(axis=0)
    _, _, ways = np.linalg.svd(person.lips - middle, full_matrices=False)
    extent = (person.lips - middle) @ ways[:3].T
    bouts = np.convolve(draw.normal(size=TICKS + 24), np.ones(25) / 5, "valid").clip(0, 1.5)
    phase = 2 * np.pi * draw.uniform(0.8, 3.5) * np.arange(TICKS) / 25 + draw.uniform(0, 6)
    sizes = extent.std(axis=0) * draw.uniform(0.3, 1.5, 3)
    return (bouts * np.sin(phase))[:, None] * (sizes @ ways[:3])


def _noise(person: Talker, draw: np.random.Generator) -> Floats:
    return draw.normal(0, 0.001, (TICKS, person.lips.shape[1]))


def bridged(truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
    for row in truth:
        spoken = np.flatnonzero(row)
        for before, after in itertools.pairwise(spoken):
            if after - before <= BRIDGED:
                row[before:after] = True
    return truth


def varied(made: Scene, draw: np.random.Generator) -> Scene:
    """Return a scene as another room, camera and microphone would have it: louder or quieter, with
    noise in sound and landmarks, sound up to 40 ms early or late."""
    sound = np.roll(made.sound, draw.integers(-TICK_SAMPLES, TICK_SAMPLES + 1))
    noise = draw.normal(size=len(sound))
    if draw.random() < 0.5:  # as of wind, fans and streets
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.ones(401) / 401, "same")
    below = 10 ** (-draw.uniform(5, 40) / 20)
    sound = sound + noise * (np.sqrt(np.mean(sound**2)) * below / noise.std())
    loudness = 10 ** (draw.uniform(-20, 6) / 20)
    lips = made.lips
    if draw.random() < 0.4:
        trembling = draw.uniform(0, 0.004)
        lips = [lip + draw.normal(0, trembling, lip.shape) for lip in lips]
    return made._replace(lips=lips, sound=(sound * loudness).clip(-1, 1).astype(np.float32))


def scenes(
    talkers: Sequence[Talker], others: Sequence[Talker], each: int, draw: np.random.Generator
) -> Iterator[tuple[str, Scene]]:
    """Yield `each` scenes of every kind; twice as many of another's voice, the hardest."""
    for kind in (*KINDS, "foreign"):
        for _ in range(each):
            yield kind, scene(kind, talkers, others, draw)

"""Learns how lips and sound go together, and how sure that makes it who is heard."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.conversation.scenes import Scene, scenes, varied
from calibration.conversation.talkers import Talker
from edge.audio.loudness import Loudness
from edge.people.lip_sync import LONGEST, SHIFTS, LipSync, compared, statistics
from edge.people.lips import TICK_US

Floats = NDArray[Any]


class Settings(NamedTuple):
    ways: int = 3
    """In which lips and sound are compared; the fourth goes with nothing in new people."""
    stiffness: float = 1000.0
    """Ridge of either side, in ticks' worth of noise of the size of the signal."""
    noisy: tuple[float, ...] = (100.0, 30.0, 18.0)
    """dB of the voice above noise in which projections are learned."""
    groups: int = 4
    """Of people, each taken for strangers once."""
    each: int = 16
    """Scenes of every kind and group."""
    hidden: int = 16
    epochs: int = 15
    rate: float = 3e-3
    decay: float = 1e-3
    batch: int = 256
    pause: int = 6
    """Ticks after speech in which it is still asked who speaks."""


SETTINGS = Settings()
Progress = Callable[[list[Any]], Iterable[Any]]


def trained(talkers: Sequence[Talker], draw: np.random.Generator, progress: Progress) -> LipSync:
    """Return what these people teach.

    How sure a likeness makes it is learned from people from whom it wasn't learned what is alike:
    of those it is too good.
    """
    values, truths = [], []
    groups = [list(talkers[first :: SETTINGS.groups]) for first in range(SETTINGS.groups)]
    for group in progress(groups):
        others = [talker for talker in talkers if not any(talker is one for one in group)]
        model = LipSync(*projections(others), ())
        for _, made in scenes(group, others, SETTINGS.each, draw):
            found, truth, _ = measured(model, varied(made, draw))
            values.append(found.reshape(-1, found.shape[-1]))
            truths.append(truth.ravel())
    layers = network(np.concatenate(values), np.concatenate(truths), draw)
    return LipSync(*projections(talkers), layers)


def mirrored(lips: Floats) -> Floats:
    """Return lips (ticks, 168) with left and right exchanged."""
    points = lips.reshape(len(lips), -1, 3) * np.array((-1, 1, 1), np.float32)
    own = lips.mean(axis=0).reshape(-1, 3)
    twins = np.linalg.norm(own[:, None] - points.mean(axis=0)[None], axis=2).argmin(axis=1)
    return points[:, twins].reshape(lips.shape)


def moves(lips: Floats) -> Floats:
    """Return the movement at each tick, as `LipTrack` has it, of lips at the ticks."""
    padded = np.pad(lips, ((1, 1), (0, 0)), "edge")
    return (padded[2:] - padded[:-2]) / 2


def features(sound: Floats, ticks: int) -> Floats:
    """Return loudness about each tick (ticks, 20)."""
    padding = np.zeros(16_000, np.float32)
    heard = Loudness(len(sound) / 16_000 + 2.0)
    heard.add(np.concatenate((sound, padding)), 0)
    return heard.features(np.arange(ticks) * TICK_US)


def projections(talkers: Sequence[Talker]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the ways (168, k) and (20, k) in which lips and sound go together best, each of unit
    variance, and their weights (k,): regularized canonical correlation analysis (Hotelling, 1936;
    Vinod, 1976). Second, the same ways of the lower face's flow, (4, k), by regression."""
    draw = np.random.default_rng(0)
    shapes, sounds = [], []
    for person in talkers:
        for look, snr in zip(person.looks, itertools.cycle(SETTINGS.noisy), strict=False):
            level = np.sqrt(np.mean(person.sound**2)) * 10 ** (-snr / 20)
            noisy = person.sound + level * draw.normal(size=len(person.sound)).astype(np.float32)
            heard = features(noisy, len(look))
            for lips in (look, mirrored(look)):
                sounds.append(heard - heard.mean(axis=0))
                shapes.append(moves(lips))
    x, y = np.concatenate(shapes), np.concatenate(sounds)
    x_size, y_size = x.std(axis=0), y.std(axis=0)
    x, y = (x / x_size).clip(-4, 4), y / y_size
    x_root, y_root = (_inverse_root(side.T @ side) for side in (x, y))
    left, correlations, right = np.linalg.svd(x_root @ x.T @ y @ y_root)
    ways = SETTINGS.ways
    to_x, to_y = x_root @ left[:, :ways], y_root @ right[:ways].T
    to_x, to_y = to_x / (x @ to_x).std(axis=0), to_y / (y @ to_y).std(axis=0)
    weights = correlations[:ways] ** 2 / np.sum(correlations[:ways] ** 2)
    sound = to_y / y_size[:, None]
    sides = (to_x / x_size[:, None], flow_projection(talkers, sound), sound, weights)
    lips, flow, sound, shares = (side.astype(np.float32) for side in sides)
    return lips, flow, sound, shares


def flow_projection(talkers: Sequence[Talker], sound: Floats) -> Floats:
    """Return what of the lower face's flow goes with each way of the sound, (4, k)."""
    flows, sounds = [], []
    for person in talkers:
        heard = features(person.sound, len(person.lips)) @ sound
        for flow in person.flows:
            flows.append(moves(flow))
            sounds.append(heard - heard.mean(axis=0))
    x, y = np.concatenate(flows), np.concatenate(sounds)
    found = np.linalg.solve(x.T @ x + SETTINGS.stiffness * np.diag(x.var(axis=0)), x.T @ y)
    return found / (x @ found).std(axis=0)


def _inverse_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(covariance + SETTINGS.stiffness * np.eye(len(covariance)))
    return np.asarray(vectors @ np.diag(values**-0.5) @ vectors.T)


def measured(model: LipSync, made: Scene) -> tuple[Floats, NDArray[np.bool_], NDArray[np.int64]]:
    """Return statistics (people, ticks, 14), truth (people, ticks), and the ticks' numbers:
    those at which it is asked who speaks."""
    ticks = len(made.speaks)
    room = LONGEST + int(SHIFTS[-1])
    heard = np.pad(features(made.sound, ticks) @ model.sound, ((room, 0), (0, 0)))
    asked = np.convolve(made.speaks, np.ones(SETTINGS.pause))[:ticks] > 0
    spoken = _spoken(made.speaks)
    found = []
    for lips in made.lips:
        moved = np.pad((moves(lips) @ model.lips).clip(-4, 4), ((room, 0), (0, 0)))
        found.append([
            statistics(moved[tick + 1 : tick + 1 + room], heard[tick + 1 : tick + 1 + room],
                       model.weights, spoken[tick], int(tick) + 1, int(tick) + 1)
            for tick in np.flatnonzero(asked)
        ])  # fmt: skip
    together = compared(np.array(found, np.float32))
    return together, made.truth[:, asked], np.flatnonzero(asked)


def _spoken(speaks: Iterable[bool]) -> list[int]:
    """Return for how many ticks speech has been going on at each, pauses of 0.3 s bridged."""
    found, since, last = [], 0, -100
    for tick, spoken in enumerate(speaks):
        if spoken:
            if tick - last > 8:
                since = tick
            last = tick
        found.append(tick - since)
    return found


def network(values: Floats, truth: NDArray[np.bool_], draw: np.random.Generator
            ) -> tuple[tuple[Floats, Floats], ...]:  # fmt: skip
    """Return the layers of a small network that turns statistics into log odds: two hidden layers,
    cross entropy, Adam (Kingma and Ba, 2015)."""
    mean, size = values.mean(axis=0), values.std(axis=0) + 1e-6
    x, y = (values - mean) / size, truth.astype(np.float64)[:, None]
    widths = (x.shape[1], SETTINGS.hidden, SETTINGS.hidden, 1)
    weights = [draw.normal(0, a**-0.5, (a, b)) for a, b in itertools.pairwise(widths)]
    weights += [np.zeros(width) for width in widths[1:]]
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    step = 0
    for epoch in range(SETTINGS.epochs):
        order = draw.permutation(len(x))
        rate = SETTINGS.rate * (1 - epoch / SETTINGS.epochs) + 1e-4
        for start in range(0, len(order) - SETTINGS.batch + 1, SETTINGS.batch):
            rows = order[start : start + SETTINGS.batch]
            step += 1
            slopes = _slopes(weights, x[rows], y[rows])
            for w, m, v, slope in zip(weights, first, second, slopes, strict=True):
                slope = slope + SETTINGS.decay * w
                m += 0.1 * (slope - m)
                v += 0.001 * (slope * slope - v)
                w -= rate * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    matrices, biases = weights[:3], weights[3:]
    biases[0] = biases[0] - (mean / size) @ matrices[0]
    matrices[0] = matrices[0] / size[:, None]
    pairs = zip(matrices, biases, strict=True)
    return tuple((a.astype(np.float32), b.astype(np.float32)) for a, b in pairs)


def _slopes(
    weights: list[NDArray[np.float64]], x: Floats, y: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    a, b, c, p, q, r = weights
    one = np.maximum(x @ a + p, 0)
    two = np.maximum(one @ b + q, 0)
    wrong = (1 / (1 + np.exp(-(two @ c + r))) - y) / len(x)
    at_two = (wrong @ c.T) * (two > 0)
    at_one = (at_two @ b.T) * (one > 0)
    layers = (x.T @ at_one, one.T @ at_two, two.T @ wrong)
    return [*layers, *(side.sum(axis=0) for side in (at_one, at_two, wrong))]

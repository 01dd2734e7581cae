"""What a run takes: time and energy, call by call and frame by frame."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from edge.budget.costs import Cost, SlowDown
from edge.budget.device import watts_per_core
from edge.budget.meters import PowerMeter
from edge.graph.profile import Profile
from edge.graph.station import Station
from edge.graph.streams import ENDED


class Settings(NamedTuple):
    frames_kept: int = 32
    """Frames under way at once, at most; the account of older ones is closed."""
    steady: float = 0.1
    """How much one frame weighs in what is learned of all: half a second at 30 frames a second."""
    frames_least: int = 5
    """So many tell how fast they come: where a second source is slow to open, or a camera was lost,
    one frame stands for seconds."""
    pipelined: float = 0.9
    """Of each further core, what work on several frames at once makes use of. That frames wait for
    each other, for the interpreter most of all, isn't in it: that is seen in how slow calls are."""
    steady_rest: float = 0.2
    """How much what is spent beside the nodes weighs, of one look at the plan: a second."""


SETTINGS = Settings()


class Taken(NamedTuple):
    """What a call took, µs: time, less what others slowed it down by, and energy."""

    time_us: float
    energy_us: float


class FrameAccount:
    """That of one frame on its way. Times in µs."""

    __slots__ = ("begun", "ended", "granted", "waited", "work")

    def __init__(self, born: int, begun: int) -> None:
        self.waited = begun - born
        self.begun = self.ended = begun
        self.work = 0.0
        self.granted = 0.0
        """What the looks are expected to take that have been allowed."""


class _Tally(NamedTuple):
    """Frames that have come, the time of the last, and the energy of all but the nodes, µs."""

    frames: int
    t: int
    rest_us: float


class Account:
    """Adds up what a run's calls take, and learns what a frame does.

    Energy is counted as the time, µs, in which a busy core takes as much. `profile`: of the device.
    `workers`: threads. `meter`: of energy, None on the virtual clock, where nothing but the nodes
    costs.
    """

    def __init__(self, profile: Profile, workers: int, meter: PowerMeter | None) -> None:
        self.watts_per_core = watts_per_core(profile)
        self._accelerated, self._workers, self._meter = profile.accelerated, workers, meter
        self._called_us = 0.0  # for frames
        self._beside_us = 0.0  # by nodes that frames don't pass through: those that hear
        self._models = Counter[str]()
        self._slow = SlowDown()
        self._frames: dict[int, FrameAccount] = {}
        self.fixed: dict[Station, Cost] = {}
        """Of the nodes that aren't governed."""
        self.parallel = 1.0
        """How much of a frame's work is done at once."""
        self.pipelined = 1 + SETTINGS.pipelined * (workers - 1)
        """How much of the work of all frames is done at once: while one is finished the next has
        begun."""
        self.wait_us = 0.0
        """From a frame's capture until its first node begins."""
        self.rest_us = 0.0
        """Energy for a frame beside the nodes: decoding, writing results, and what the meter sees
        of all else."""
        self.frame_us = 0.0
        """From one frame to the next."""

    def start(self, sources: Sequence[Station]) -> None:
        self._sources = sources
        self._tallied = self._tally()

    @property
    def slow(self) -> float:
        """How many times as long as their CPU time calls take, because of others on the core."""
        return self._slow.factor

    @property
    def fixed_us(self) -> float:
        return sum(cost.mean for cost in self.fixed.values())

    def spent_us(self) -> float:
        """Return the energy spent so far."""
        if self._meter is None:
            return self._called_us + self._beside_us
        joules = self._meter.joules(time.process_time(), self._models)
        return 1e6 * joules / self.watts_per_core

    def frame(self, t: int) -> FrameAccount | None:
        return self._frames.get(t)

    def open(self, t: int, born: int, now: int) -> FrameAccount:
        """Begin the account of a frame."""
        frame = self._frames[t] = FrameAccount(born, now)
        if len(self._frames) > SETTINGS.frames_kept:
            self._close(self._frames.pop(next(iter(self._frames))))
        return frame

    def _close(self, frame: FrameAccount) -> None:
        self.wait_us += SETTINGS.steady * (frame.waited - self.wait_us)
        span = frame.ended - frame.begun
        if span > 0:
            at_once = min(max(1.0, frame.work / span), self._workers)
            self.parallel += SETTINGS.steady * (at_once - self.parallel)

    def add(self, station: Station, frame: FrameAccount | None, now: int) -> Taken:
        """Note a station's last call, which ended `now`, for a frame if it was."""
        wall, cpu = station.last_wall_us, station.last_cpu_us
        self._models.update(station.units)
        accelerated = [self._accelerated[u] for u in station.units if u in self._accelerated]
        taken = Taken(cpu, cpu)
        if accelerated:
            waited = max(0.0, wall / self.slow - cpu)
            energy_us = 1000 * sum(each.mj for each in accelerated) / self.watts_per_core
            taken = Taken(cpu + waited, cpu + energy_us)
        else:
            self._slow.add(now, wall, cpu)
        if frame is None:
            self._beside_us += taken.energy_us
        else:
            self._called_us += taken.energy_us
            frame.work += wall
            frame.ended = now
        return taken

    def tally(self) -> bool:
        """Learn from the frames that have come; False where there are none to plan by."""
        now, before = self._tally(), self._tallied
        frames = now.frames - before.frames
        if frames <= 0 or now.t <= before.t or now.t == ENDED:
            return False
        if frames < SETTINGS.frames_least:
            return self.frame_us > 0
        self._tallied = now
        frame_us = (now.t - before.t) / frames
        # Frames that are dropped count as they come, times as frames are worked on.
        share = SETTINGS.steady_rest if self.frame_us else 1.0
        self.frame_us += share * (frame_us - self.frame_us)
        rest_us = (now.rest_us - before.rest_us) / frames
        self.rest_us += SETTINGS.steady_rest * (rest_us - self.rest_us)
        return True

    def _tally(self) -> _Tally:
        streams = [station.stream for station in self._sources]
        frames = sum(stream.packets + stream.dropped.total() for stream in streams)
        t = max((stream.settled for stream in streams), default=0)
        return _Tally(frames, t, self.spent_us() - self._called_us)

"""The governor: who may look at which frame, so that latency and power stay within the budget."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edge.budget.allowance import Allowance
from edge.budget.costs import Cost, SlowDown
from edge.budget.device import own_profile, watts_per_core
from edge.budget.levels import OFF, Levelled
from edge.budget.planner import Limits, Planner, Subject
from edge.budget.rest import Rest
from edge.graph.graph import Graph
from edge.graph.node import Source
from edge.graph.profile import Profile
from edge.graph.spec import Budget
from edge.graph.station import Call, Station
from edge.graph.streams import ENDED


class Settings(NamedTuple):
    period_us: int = 200_000
    """Between looks at the plan: a step in load is to be absorbed within a second."""
    first_us: int = 600_000
    """Before the first plan: first calls cost more than all others."""
    overdue: int = 2
    """Whoever has waited for so many times as long as planned looks although power is short."""
    margin: float = 0.8
    """Of the latency that may be planned with: one frame in twenty takes longer than foreseen."""
    blind_us: int = 1_000_000
    """Whoever never fits into a frame looks once in so long nevertheless: a late frame a second is
    better than to follow what isn't there any more."""
    frames_kept: int = 32
    """Frames under way at once, at most; the account of older ones is closed."""
    steady: float = 0.1
    """How much one frame weighs in what is learned of all: half a second at 30 frames a second."""


SETTINGS = Settings()


def govern(
    graph: Graph, profile: Profile | None, workers: int, simulated: bool
) -> "Governor | None":
    """Return what keeps a run of a graph within its budget, None where it states none."""
    budget = graph.spec.promised
    if budget == Budget() or (simulated and profile is None):  # work that costs nothing
        return None
    given = {name: node.weight for name, node in graph.spec.nodes.items()}
    weights = {name: weight for name, weight in given.items() if weight is not None}
    cpu_s = None if simulated else time.process_time
    profile = profile or own_profile()
    kinds = {name: str(node.uses) for name, node in graph.spec.nodes.items()}
    return Governor(budget, profile, workers, kinds, weights, cpu_s)


class _Count(NamedTuple):
    """Frames that have come, the time of the last, and the CPU time of all but the nodes, µs."""

    frames: int
    t: int
    cpu_us: float


class _Frame:
    """The account of one frame on its way. Times in µs."""

    __slots__ = ("begun", "ended", "granted", "waited", "work")

    def __init__(self, born: int, begun: int) -> None:
        self.waited = begun - born
        self.begun = self.ended = begun
        self.work = 0.0
        self.granted = 0.0
        """What the looks are expected to take that have been allowed."""


class Governor:
    """Oversees one run: measures, plans, and gives each node its turns.

    Between plans, which say how often each node's model may look, turns are given frame by frame:
    as many as still fit into the frame's time. A look that would make the frame late is put off;
    the node then carries its last answer on (`counts["put_off"]`).

    `budget`: what the graph promises. `profile`: of the device.
    `workers`: threads. `kinds`, `weights`: of nodes, by name. `cpu_s`: the process's CPU
    time so far, None on the virtual clock, where nothing but the nodes costs.
    """

    def __init__(
        self,
        budget: Budget,
        profile: Profile,
        workers: int,
        kinds: Mapping[str, str],
        weights: Mapping[str, float],
        cpu_s: Callable[[], float] | None,
    ) -> None:
        self._latency_us = 1000 * budget.latency_ms if budget.latency_ms else None
        self._power_w, self._watts_per_core = budget.power_w, watts_per_core(profile)
        self.frugal = budget.power_w is not None
        self._workers = workers
        self._profile, self._kinds = profile, kinds
        self._weights = weights
        self._cpu_s = cpu_s
        self._called_us = 0.0
        self._slow = SlowDown()
        self._frames: dict[int, _Frame] = {}
        self._subjects: dict[Station, Subject] = {}
        self._fixed: dict[Station, Cost] = {}
        self._tails_us: dict[Station, float] = {}
        self._ages_us: list[float] = []
        self._parallel, self._wait_us = 1.0, 0.0
        self._rest_us = 0.0
        self._frame_us = 0.0
        self.counts = Counter[str]()

    # -- what the engine calls -----------------------------------------------------------------

    def start(
        self, stations: Sequence[Station], now: Callable[[], int], tell: Callable[..., None]
    ) -> None:
        self._now, self._tell = now, tell
        self._stations = sorted(stations, key=lambda station: -station.rank)
        for station in stations:
            if isinstance(station.node, Levelled):
                weight = self._weights.get(station.name, station.node.weight)
                self._subjects[station] = Subject(station.name, station.node.levels, weight)
            elif not isinstance(station.node, Source):
                self._fixed[station] = Cost()
        self._sources = [s for s in stations if s.medium == "picture"]
        self._planner = Planner(list(self._subjects.values()), [s.name for s in self._sources])
        self._rest = Rest(stations)
        self._planned = now() + SETTINGS.first_us - SETTINGS.period_us
        self._allowance: Allowance | None = None
        self._counted = self._count()

    def begin(self, call: Call) -> None:
        if call.arguments is None or call.station.is_source:
            return
        now = self._now()
        frame = self._frame(call, now)
        subject = self._subjects.get(call.station)
        if subject is not None:
            assert isinstance(call.node, Levelled)
            subject.since += 1
            call.node.turn = self._may_look(call, subject, frame, now)

    def complete(self, call: Call) -> None:
        if call.arguments is None or call.station.is_source:
            return
        now, station = self._now(), call.station
        wall, cpu = station.last_wall_us, station.last_cpu_us
        self._slow.add(now, wall, cpu)
        self._called_us += cpu
        frame = self._frame(call, now)
        frame.work += wall
        frame.ended = now
        subject = self._subjects.get(station)
        if subject is None:
            self._fixed[station].add(cpu)
        else:
            assert isinstance(call.node, Levelled)
            self._called(call, subject, call.node, cpu, now)
        if now - self._planned >= SETTINGS.period_us:
            self._planned = now
            self._plan(call.t, now)

    def result(self, age_us: int) -> None:
        self._ages_us.append(age_us)

    # -- frame by frame ------------------------------------------------------------------------

    def _frame(self, call: Call, now: int) -> _Frame:
        frame = self._frames.get(call.t)
        if frame is None:
            frame = self._frames[call.t] = _Frame(call.born, now)
            self._space(call.t)
            if self._allowance is not None:
                self._allowance.update(now, self._spent_us())
            if len(self._frames) > SETTINGS.frames_kept:
                self._learn(self._frames.pop(next(iter(self._frames))))
        return frame

    def _space(self, t: int) -> None:
        """After a frame at t, say from when on another is wanted."""
        why, pause = "rest", self._rest.pause_us
        if not pause and self._planner.pace > 1:
            why, pause = "budget", round((self._planner.pace - 0.5) * self._frame_us)
        for source in self._sources:
            source.off, source.resting_until = why, t + pause

    def _spent_us(self) -> float:
        return 1e6 * self._cpu_s() if self._cpu_s else self._called_us

    def _learn(self, frame: _Frame) -> None:
        """Note how much of a frame's work was done at once, and how long it had waited."""
        self._wait_us += SETTINGS.steady * (frame.waited - self._wait_us)
        span = frame.ended - frame.begun
        if span > 0:
            at_once = min(max(1.0, frame.work / span), self._workers)
            self._parallel += SETTINGS.steady * (at_once - self._parallel)

    def _may_look(self, call: Call, subject: Subject, frame: _Frame, now: int) -> bool:
        if subject.level.every == OFF or subject.since < subject.level.every:
            return False
        if not self._rest.may_look(call.station, subject.since):
            return False
        overdue = subject.since >= SETTINGS.overdue * subject.level.every
        if self._allowance is not None and self._allowance.left < 0 and not overdue:
            return False
        if self._latency_us is None or now - subject.looked_at >= SETTINGS.blind_us:
            return True
        costs, slow = subject.costs, self._slow.factor
        left = call.born + SETTINGS.margin * self._latency_us - now
        needed = costs.look.dear * slow + self._tails_us.get(call.station, 0.0)
        if needed > left:
            self.counts["put_off"] += 1
            return False
        extra = costs.extra * slow * min(1.0, subject.since / costs.pause)
        if frame.granted and frame.granted + extra > self._room_us() * slow:
            return False
        frame.granted += extra
        return True

    def _called(
        self, call: Call, subject: Subject, node: Levelled, cpu_us: float, now: int
    ) -> None:
        if node.looked and not subject.costs.look.known:  # a first look takes longer than others
            kind = self._kinds.get(subject.name, "")
            _, usual = self._profile.call_ms(kind, call.station.units)
            cpu_us = min(cpu_us, 1000 * usual) if usual else cpu_us
        subject.costs.add(cpu_us, node.turn is not False, node.looked, node.wants)
        subject.asks(node.need)
        if node.looked:
            subject.since, subject.looked_at = 0, now
        if self._rest.called(call.station, node, now):
            self._space(call.t)

    def _fixed_us(self) -> float:
        """Return the CPU time of the nodes that aren't governed, µs a frame."""
        return sum(cost.mean for cost in self._fixed.values())

    def _room_us(self) -> float:
        """Return the CPU time that the looks of one frame may take together, µs."""
        if self._latency_us is None:
            return float("inf")
        idle = self._fixed_us()
        idle += sum(subject.costs.idle.mean for subject in self._subjects.values())
        span = SETTINGS.margin * self._latency_us - self._wait_us
        return max(0.0, span * self._parallel / self._slow.factor - idle)

    # -- plan by plan --------------------------------------------------------------------------

    def _plan(self, t: int, now: int) -> None:
        if self._power_w is not None and self._allowance is None:
            cores = self._power_w / self._watts_per_core
            self._allowance = Allowance(cores, now, self._spent_us())
        self._tails_us = self._tails()
        limits = self._limits()
        if limits is None:
            return
        change = self._planner.revise(limits, now)
        if change is not None:
            self._tell(t, "budget", "governor", change)
            for station, subject in self._subjects.items():
                if subject.level.every == OFF:
                    station.off = f"budget:{station.name}"
                elif station.off != "rest":
                    station.off = ""

    def _tails(self) -> dict[Station, float]:
        """Return what still has to be done after each node at least, µs of wall time."""
        slow = self._slow.factor
        tails: dict[Station, float] = {}
        for station in self._stations:
            ways = [0.0]
            for inlet in station.stream.inlets:
                reader = inlet.reader
                if inlet.wire.paces and isinstance(reader, Station):
                    subject = self._subjects.get(reader)
                    own = subject.costs.idle.mean if subject else self._fixed[reader].mean
                    ways.append(own * slow + tails.get(reader, 0.0))
            tails[station] = max(ways)
        return tails

    def _count(self) -> _Count:
        streams = [station.stream for station in self._sources]
        frames = sum(stream.packets + stream.dropped.total() for stream in streams)
        t = max((stream.settled for stream in streams), default=0)
        return _Count(frames, t, self._spent_us() - self._called_us)

    def _limits(self) -> Limits | None:
        """Return what a frame may cost, None where no frame has come since the last time."""
        count, before = self._count(), self._counted
        frames = count.frames - before.frames
        if frames <= 0 or count.t <= before.t or count.t == ENDED:
            return None
        self._counted = count
        self._frame_us = (count.t - before.t) / frames
        fixed = self._fixed_us()
        if self._cpu_s:
            rest_us = (count.cpu_us - before.cpu_us) / frames
            self._rest_us += 2 * SETTINGS.steady * (rest_us - self._rest_us)
        ages, self._ages_us = sorted(self._ages_us), []
        return Limits(
            frame_us=self._frame_us,
            wait_us=self._wait_us,
            fixed_us=fixed,
            rest_us=self._rest_us,
            slow=self._slow.factor,
            parallel=self._parallel,
            room_us=self._room_us(),
            latency_us=self._latency_us,
            age_us=ages[int(0.95 * len(ages))] if ages else None,
            power_w=self._power_w,
            watts_per_core=self._watts_per_core,
        )

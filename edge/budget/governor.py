"""The governor: who may look at which frame, so that latency and power stay within the budget."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edge.budget.account import Account, FrameAccount, Taken
from edge.budget.allowance import Allowance
from edge.budget.costs import Cost
from edge.budget.device import own_meter, own_profile
from edge.budget.levels import OFF, Levelled
from edge.budget.planner import Limits, Planner, Subject
from edge.budget.rest import Rest
from edge.graph.graph import Graph
from edge.graph.profile import Profile
from edge.graph.spec import Budget
from edge.graph.station import Call, Station


class Settings(NamedTuple):
    period_us: int = 200_000
    """Between looks at the plan: a step in load is to be absorbed within a second."""
    first_us: int = 600_000
    """Before the first plan: first calls cost more than all others."""
    overdue: int = 2
    """Whoever has waited for so many times as long as planned looks although power is short."""
    margin: float = 0.8
    """Of the latency that may be planned with: one frame in twenty takes longer than foreseen."""
    steady: float = 0.03
    """How much one result weighs in the share of late ones: that is of the last second or so."""
    blind_us: int = 1_000_000
    """Whoever has wanted to look for so long, and never fitted into a frame, looks nevertheless: a
    late frame a second is better than to follow what isn't there any more."""


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
    meter = None if simulated else own_meter()
    profile = profile or own_profile()
    kinds = {name: str(node.uses) for name, node in graph.spec.nodes.items()}
    return Governor(budget, profile, Account(profile, workers, meter), kinds, weights)


class Governor:
    """Oversees one run: measures, plans, and gives each node its turns.

    Between plans, which say how often each node's model may look, turns are given frame by frame:
    as many as still fit into the frame's time. A look that would make the frame late is put off;
    the node then carries its last answer on (`counts["put_off"]`).

    `budget`: what the graph promises. `profile`: of the device. `account`: of this run.
    `kinds`, `weights`: of nodes, by name.
    """

    def __init__(
        self,
        budget: Budget,
        profile: Profile,
        account: Account,
        kinds: Mapping[str, str],
        weights: Mapping[str, float],
    ) -> None:
        self.promise(budget)
        self.frugal = budget.power_w is not None
        self.plan: dict[str, str] = {}
        self._profile, self._kinds, self._weights = profile, kinds, weights
        self._account = account
        self._subjects: dict[Station, Subject] = {}
        self._tails_us: dict[Station, float] = {}
        self._usual_us = 0.0
        self._late = 0.0
        self.counts = Counter[str]()

    def promise(self, budget: Budget) -> None:
        self._latency_us = 1000 * budget.latency_ms if budget.latency_ms else None
        self._power_w = budget.power_w
        self._allowance: Allowance | None = None  # made anew, of the new power

    # -- what the engine calls -----------------------------------------------------------------

    def start(
        self, stations: Sequence[Station], now: Callable[[], int], tell: Callable[..., None]
    ) -> None:
        self._now, self._tell = now, tell
        self._sources = [s for s in stations if s.medium == "picture"]
        self._of_frames = downstream(self._sources)
        self._last_first = sorted(self._of_frames, key=lambda station: -station.rank)
        for station in stations:
            if isinstance(station.node, Levelled):
                weight = self._weights.get(station.name, station.node.weight)
                self._subjects[station] = Subject(station.name, station.node.levels, weight)
            elif station in self._of_frames:
                self._account.fixed[station] = Cost()
        self._planner = Planner(list(self._subjects.values()), [s.name for s in self._sources])
        self._rest = Rest(stations)
        self._planned = now() + SETTINGS.first_us - SETTINGS.period_us
        self._account.start(self._sources)

    def begin(self, call: Call) -> None:
        if call.arguments is None or call.station not in self._of_frames:
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
        if station not in self._of_frames:
            self._account.add(station, None, now)
            return
        taken = self._account.add(station, self._frame(call, now), now)
        subject = self._subjects.get(station)
        if subject is None:
            self._account.fixed[station].add(taken.time_us)
        else:
            assert isinstance(call.node, Levelled)
            self._called(call, subject, call.node, taken, now)
        if now - self._planned >= SETTINGS.period_us:
            self._planned = now
            self._plan(call.t, now)

    def result(self, age_us: int) -> None:
        late = self._latency_us is not None and age_us > self._latency_us
        self._late += SETTINGS.steady * (late - self._late)

    # -- frame by frame ------------------------------------------------------------------------

    def _frame(self, call: Call, now: int) -> FrameAccount:
        frame = self._account.frame(call.t)
        if frame is None:
            frame = self._account.open(call.t, call.born, now)
            self._space(call.t)
            if self._allowance is not None:
                self._allowance.update(now, self._account.spent_us())
        return frame

    def _space(self, t: int) -> None:
        """After a frame at t, say from when on another is wanted."""
        why, pause = "rest", self._rest.pause_us
        if not pause and self._planner.pace > 1:
            why, pause = "budget", round((self._planner.pace - 0.5) * self._account.frame_us)
        for source in self._sources:
            source.off, source.resting_until = why, t + pause

    def _may_look(self, call: Call, subject: Subject, frame: FrameAccount, now: int) -> bool:
        assert isinstance(call.node, Levelled)
        if subject.level.every == OFF or subject.since < subject.level.every:
            return False
        if not self._rest.may_look(call.station, subject.since):
            return False
        overdue = subject.since >= SETTINGS.overdue * subject.level.every
        if self._allowance is not None and self._allowance.left < 0 and not overdue:
            return False
        since = now if subject.waits_since is None else subject.waits_since
        if self._latency_us is None or now - since >= SETTINGS.blind_us:
            return True
        costs, slow = subject.costs, self._account.slow
        left = call.born + SETTINGS.margin * self._latency_us - now
        needed = costs.look.dear * slow + self._tails_us.get(call.station, 0.0)
        if needed > left:
            self.counts["put_off"] += 1
            return False
        extra, room = costs.extra * slow, self._room_us() * slow
        if frame.granted and frame.granted + extra > room:
            return False
        if call.node.wants:
            frame.granted += extra
        elif self._usual_us * slow + extra > room:
            return False  # who has no reason yet isn't to find one in a frame that is full without
        else:
            frame.granted += extra * min(1.0, subject.since / costs.pause)
        return True

    def _called(self, call: Call, subject: Subject, node: Levelled, taken: Taken, now: int) -> None:
        time_us, energy_us = taken
        if node.looked and not subject.costs.look.known:  # a first look takes longer than others
            kind = self._kinds.get(subject.name, "")
            _, usual = self._profile.call_ms(kind, call.station.units)
            time_us = min(time_us, 1000 * usual) if usual else time_us
        energy = energy_us / taken.time_us if taken.time_us else 1.0
        subject.costs.add(time_us, node.turn is not False, node.looked, node.wants, energy)
        subject.asks(node.need)
        if node.looked or not node.wants:
            subject.waits_since = None
        elif subject.waits_since is None:
            subject.waits_since = now
        if node.looked:
            subject.since = 0
        if self._rest.called(call.station, node, now):
            self._space(call.t)

    def _room_us(self) -> float:
        """Return the CPU time that the looks of one frame may take together, µs."""
        if self._latency_us is None:
            return float("inf")
        account = self._account
        idle = account.fixed_us + sum(
            subject.costs.idle.mean for subject in self._subjects.values()
        )
        span = SETTINGS.margin * self._latency_us - account.wait_us
        return max(0.0, span * account.parallel / account.slow - idle)

    # -- plan by plan --------------------------------------------------------------------------

    def _plan(self, t: int, now: int) -> None:
        if self._power_w is not None and self._allowance is None:
            cores = self._power_w / self._account.watts_per_core
            self._allowance = Allowance(cores, now, self._account.spent_us())
        self._tails_us = self._tails()
        self._usual_us = sum(
            subject.costs.mean(subject.level) - subject.costs.idle.mean
            for subject in self._subjects.values()
            if subject.level.every != OFF
        )
        if not self._account.tally():
            return
        change = self._planner.revise(self._limits(), now)
        if change is not None:
            self.plan = change["plan"]
            self._late = 0.0  # of this plan
            self._tell(t, "budget", "governor", change)
            for station, subject in self._subjects.items():
                if subject.level.every == OFF:
                    station.off = f"budget:{station.name}"
                elif station.off != "rest":
                    station.off = ""

    def _tails(self) -> dict[Station, float]:
        """Return what still has to be done after a look of each node, µs of wall time."""
        slow = self._account.slow
        least: dict[Station, float] = {}
        tails: dict[Station, float] = {}
        for station in self._last_first:
            ways, led = [0.0], [0.0]
            for inlet in station.stream.inlets:
                reader = inlet.reader
                if inlet.wire.paces and isinstance(reader, Station):
                    subject = self._subjects.get(reader)
                    cost = subject.costs.idle if subject else self._account.fixed[reader]
                    look = subject.costs.look if subject else cost
                    ways.append(cost.mean * slow + least.get(reader, 0.0))
                    led.append(max(look.mean, cost.mean) * slow + least.get(reader, 0.0))
            least[station] = max(ways)
            leads = isinstance(station.node, Levelled) and station.node.leads
            tails[station] = max(led) if leads else least[station]
        return tails

    def _limits(self) -> Limits:
        account = self._account
        return Limits(
            frame_us=account.frame_us,
            wait_us=account.wait_us,
            fixed_us=account.fixed_us,
            rest_us=account.rest_us,
            slow=account.slow,
            parallel=account.parallel,
            pipelined=account.pipelined,
            room_us=self._room_us(),
            latency_us=self._latency_us,
            late=self._late,
            power_w=self._power_w,
            watts_per_core=account.watts_per_core,
            owed=self._allowance.owed if self._allowance else 0.0,
        )


def downstream(sources: Sequence[Station]) -> set[Station]:
    """Return all that is called once for each frame of some sources."""
    found: set[Station] = set()
    waiting = list(sources)
    while waiting:
        readers = {inlet.reader for inlet in waiting.pop().stream.inlets if inlet.wire.paces}
        new = {reader for reader in readers if isinstance(reader, Station)} - found
        found |= new
        waiting += new
    return found

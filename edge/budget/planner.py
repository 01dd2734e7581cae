"""When the plan is changed, to what, and what is said of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.budget.costs import NodeCosts
from edge.budget.levels import Level
from edge.budget.patience import Patience
from edge.budget.plan import Choice, choose


class Settings(NamedTuple):
    keep_up: float = 0.85
    """Of the time between two frames that work may fill: what comes on top of it is uneven."""
    fill: float = 0.7
    """Of the room that a frame's latency leaves for looks: they are of unlike size, and don't fill
    it without gaps."""
    over: float = 1.03
    """Beyond so much of a limit the plan breaks it: less is made up for frame by frame."""
    far_over: float = 1.25
    """Beyond so much there is no waiting for a second look."""
    aim: float = 0.98
    """Of the time that a plan may fill which has to give something up."""
    spare: float = 0.96
    """Of the time that a plan may fill which restores something: it has to last."""
    aim_power: float = 1.04
    """As `aim`, of the power: levels are steps, and what is a little too much is held back by the
    allowance, frame by frame."""
    spare_power: float = 1.02
    """As `spare`."""
    over_power: float = 1.15
    """As `over`: the allowance keeps it meanwhile."""
    owed: float = 0.5
    """Unless it is overdrawn by so much: what has to be looked at takes more than planned."""
    settle_us: int = 350_000
    """A change shows in what is measured after so long; before that nothing else is changed."""
    stride: float = 0.5
    """Of the power that is to spare, what one change may use: what it really takes is seen then."""
    step: float = 0.25
    """Of the limit, what one change may use in any case."""
    charge: float = 0.03
    """What a node loses, of 1, where its level changes: a change starts from guesses."""
    gain: float = 0.03
    """What a change has to bring beyond that where nothing forces it."""
    alike: float = 1.02
    """Costs that differ by less are the same."""
    rising: float = 0.1
    """How much one call weighs where a node's need rises: a third of a second at 30 a second."""
    falling: float = 0.02
    """And where it falls: who has stopped moving may well go on."""
    late: float = 0.05
    """So many of all results may be late: a budget is one for the 95th percentile."""
    distrust: float = 0.85
    """What the limits of time become, times this, at each look while more are late although the
    plan fits."""
    least_trust: float = 0.6
    trust_back: float = 0.02
    """How quickly that is forgotten, a look: within six seconds."""
    slowest: int = 4
    """Where nothing else is left, frames are left out, down to one of so many: at seven a second
    people can still be followed."""
    least_need: float = 0.02
    """Need below this is noise."""


SETTINGS = Settings()
LEAST_US = 1.0
"""Shares of less room than this are shares of this."""


class Subject:
    """A node that is governed. `place`: of its level among `levels`."""

    def __init__(self, name: str, levels: Sequence[Level], weight: float) -> None:
        self.name, self.levels, self.weight = name, levels, weight
        self.place = 0
        self.costs = NodeCosts()
        self.need = 1.0
        self.since = 0
        """Calls since its model looked."""
        self.waits_since: int | None = None
        """Since when its model has had a reason to look and hasn't, µs."""

    @property
    def level(self) -> Level:
        return self.levels[self.place]

    def asks(self, need: float) -> None:
        """After a call: so much is asked for by the scene."""
        share = SETTINGS.rising if need > self.need else SETTINGS.falling
        self.need += share * (need - self.need)

    def worth(self, place: int) -> float:
        """What a level gives, less what it costs to change to it."""
        need = round(self.need, 1) if self.need > SETTINGS.least_need else 0.0
        worth = self.weight * (1 - need * min(1.0, self.levels[place].loss))
        return worth - SETTINGS.charge * (place != self.place)

    def cheapest(self) -> int:
        means = [self.costs.mean(level) for level in self.levels]
        if means[self.place] <= SETTINGS.alike * min(means):
            return self.place
        return means.index(min(means))

    def choices(self) -> list[Choice]:
        return [
            Choice(self.worth(place), self.costs.power(level), self.costs.mean(level))
            for place, level in enumerate(self.levels)
        ]


class Limits(NamedTuple):
    """What a frame may cost, and what is known of its way. CPU and wall times in µs.

    `fixed_us`, `rest_us`: CPU time of the nodes that have no levels, and of all else. `slow`: wall
    per CPU time. `parallel`: how much of a frame's work is done at once, `pipelined`: of all
    frames'. `wait_us`: before it begins. `room_us`: for the looks of one frame. `late`: the share
    of late results lately. `owed`: how far the power is overdrawn, 0 to 1.
    """

    frame_us: float
    wait_us: float
    fixed_us: float
    rest_us: float
    slow: float
    parallel: float
    pipelined: float
    room_us: float
    latency_us: float | None
    late: float
    power_w: float | None
    watts_per_core: float
    owed: float

    @property
    def at_once(self) -> float:
        """How much of the work of all frames is done at once."""
        return max(self.parallel, self.pipelined)


class Bounds(NamedTuple):
    """CPU time that the governed nodes may take of a frame, µs, for power and for time. `by_rate`:
    is it the next frame that leaves no more time, rather than the latency?"""

    power: float
    time: float
    by_rate: bool


class Need(NamedTuple):
    """What a plan takes of each limit (1 is all), and the words for the tighter one."""

    power: float
    time: float
    text: str
    reason: str


class Planner:
    """Revises the plan: at once where it breaks a limit, with patience where more would fit."""

    def __init__(self, subjects: list[Subject], sources: Sequence[str] = ()) -> None:
        """`sources`: names of those that frames come from."""
        self._subjects, self._sources = subjects, sources
        self.pace = 1
        """One of so many frames is worked on at all."""
        self._trust = 1.0
        self._over = 0
        self._changed_at = -SETTINGS.settle_us
        # More frames turn out to be too many far more often than better levels turn out too dear.
        self._for_pace, self._for_levels = Patience(), Patience()

    def revise(self, limits: Limits, now: int) -> dict[str, Any] | None:
        """Change the subjects' levels if need be; return the event's fields where they changed."""
        self._weigh_trust(limits)
        if now - self._changed_at < SETTINGS.settle_us:
            return None
        need = self._need(limits)
        over_power = 1.0 if limits.owed > SETTINGS.owed else SETTINGS.over_power
        over = need.time > SETTINGS.over or need.power > over_power
        self._over = self._over + 1 if over else 0
        if self._over >= 2 or max(need.power, need.time) > SETTINGS.far_over:
            self._for_pace.relapse(now)
            self._for_levels.relapse(now)
            return self._give_up(limits, need, now)
        return self._restore(limits, need, now)

    def _weigh_trust(self, limits: Limits) -> None:
        if limits.late > SETTINGS.late:
            self._trust = max(SETTINGS.least_trust, self._trust * SETTINGS.distrust)
        else:
            self._trust = min(1.0, self._trust + SETTINGS.trust_back)

    def _bounds(self, limits: Limits, pace: int) -> Bounds:
        power = by_latency = float("inf")
        limits, frame_us = self._foreseen(limits, pace), pace * limits.frame_us
        if limits.power_w is not None:
            power = limits.power_w / limits.watts_per_core * frame_us
            power -= pace * limits.rest_us + limits.fixed_us
        by_rate = SETTINGS.keep_up * frame_us * limits.at_once / limits.slow - limits.fixed_us
        idle = self._idle_us()
        if limits.latency_us is not None:
            by_latency = SETTINGS.fill * limits.room_us + idle
        time = min(by_rate, by_latency)
        if time > idle:
            time = idle + self._trust * (time - idle)
        return Bounds(power, time, by_rate < by_latency)

    def _idle_us(self) -> float:
        """Return what the governed nodes take of a frame at which no model looks."""
        return sum(subject.costs.idle.mean for subject in self._subjects)

    def _foreseen(self, limits: Limits, pace: int) -> Limits:
        """Return what the limits become at another pace: frames wait for each other the less, the
        fewer there are."""
        if pace == self.pace:
            return limits
        slow = 1 + (limits.slow - 1) * self.pace / pace
        idle = limits.fixed_us + self._idle_us()
        room = (limits.room_us + idle) * limits.slow / slow - idle
        return limits._replace(slow=slow, room_us=max(0.0, room))

    def _need(self, limits: Limits) -> Need:
        power = sum(subject.costs.power(subject.level) for subject in self._subjects)
        time = sum(subject.costs.mean(subject.level) for subject in self._subjects)
        bounds = self._bounds(limits, self.pace)
        shares = power / max(bounds.power, LEAST_US), time / max(bounds.time, LEAST_US)
        frame_us = self.pace * limits.frame_us
        if shares[0] >= shares[1] and limits.power_w is not None:
            cores = (power + limits.fixed_us) / frame_us + limits.rest_us / limits.frame_us
            watts = cores * limits.watts_per_core
            return Need(*shares, f"{watts:.3g} W {{}} {limits.power_w:g} W budget", "power")
        if bounds.by_rate or limits.latency_us is None:
            work, most = (
                (us + limits.fixed_us) * limits.slow / limits.at_once / 1000
                for us in (time, bounds.time)
            )
            text = f"{work:.0f} ms of work {{}} {most:.0f} ms in {frame_us / 1000:.0f} ms a frame"
            return Need(*shares, text, "rate")
        # Planned for the 95th percentile, which fills the budget when the room for work is full.
        age_ms, most_ms = shares[1] * limits.latency_us / 1000, limits.latency_us / 1000
        return Need(*shares, f"{age_ms:.0f} ms {{}} {most_ms:g} ms budget", "latency")

    def _best(self, limits: Limits, pace: int, power: float, time: float) -> list[int] | None:
        """Return the best plan that takes no more than these shares of the limits."""
        bounds = self._bounds(limits, pace)
        if min(bounds.power, bounds.time) < 0:  # the nodes that aren't governed take all
            return None
        choices = [subject.choices() for subject in self._subjects]
        return choose(choices, power * bounds.power, time * bounds.time)

    def _give_up(self, limits: Limits, need: Need, now: int) -> dict[str, Any] | None:
        aim = SETTINGS.aim_power, SETTINGS.aim
        pace, best = self.pace, self._best(limits, self.pace, *aim)
        while best is None and self._sources and pace < SETTINGS.slowest:
            pace += 1
            best = self._best(limits, pace, *aim)
            if not self._bounds(limits, pace).by_rate:
                break  # fewer frames make none earlier, but for the load: that is seen first
        if best is None:  # nothing fits: the least
            best = [subject.cheapest() for subject in self._subjects]
        return self._change(best, pace, need.text.format(">"), need.reason, now)

    def _restore(self, limits: Limits, need: Need, now: int) -> dict[str, Any] | None:
        fewer = self.pace - 1
        faster = self._best(limits, fewer, SETTINGS.spare_power, SETTINGS.spare) if fewer else None
        if (plan := self._for_pace.taken(faster, now)) is not None:
            return self._change(plan, fewer, need.text.format("of"), "room", now)
        power = need.power + max(SETTINGS.step, SETTINGS.stride * (1 - need.power))
        power = min(power, SETTINGS.spare_power)
        better = self._best(limits, self.pace, power, SETTINGS.spare)
        better = better if better is not None and self._worthwhile(better) else None
        if (plan := self._for_levels.taken(better, now)) is not None:
            return self._change(plan, self.pace, need.text.format("of"), "room", now)
        return None

    def _worthwhile(self, plan: list[int]) -> bool:
        return SETTINGS.gain < sum(
            subject.worth(place) - subject.worth(subject.place)
            for subject, place in zip(self._subjects, plan, strict=True)
        )

    def _change(
        self, plan: list[int], pace: int, text: str, reason: str, now: int
    ) -> dict[str, Any] | None:
        changed = {
            subject.name: subject.levels[place]
            for subject, place in zip(self._subjects, plan, strict=True)
            if place != subject.place
        }
        if pace != self.pace:
            changed = {**dict.fromkeys(self._sources, Level(pace, 0)), **changed}
        if not changed:
            return None
        self._changed_at, self._over, self.pace = now, 0, pace
        for subject, place in zip(self._subjects, plan, strict=True):
            subject.place = place
        less = {subject.name: str(subject.level) for subject in self._subjects if subject.place}
        if pace > 1:
            less = {**dict.fromkeys(self._sources, str(Level(pace, 0))), **less}
        said = ", ".join(f"{name} {level}" for name, level in changed.items())
        return {"text": f"{said}: {text}", "reason": reason, "plan": less}

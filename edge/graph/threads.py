"""Runs a graph on the real clock: a small pool of threads, and one for each source that pushes."""

import logging
import threading
from contextlib import AbstractContextManager
from typing import Any

from edge.errors import UserError
from edge.graph.clock import RealClock
from edge.graph.engine import Engine
from edge.graph.execution import Execution
from edge.graph.node import Node, Packet
from edge.graph.station import Call, Station
from edge.graph.streams import Inlet

log = logging.getLogger("edge.graph")

GUARD_PERIOD_S = 0.2
"""Often enough to name what is stuck within a second or two; five wake-ups cost nothing."""
WORTH_WAKING_US = 1000
"""A worker that will be back sooner than this sees to what else is ready itself: to wake another
costs 60 µs, and beside busy Python each then waits for the other's locks."""
NAP_US = 10_000
"""While there is more to do, a consumer isn't woken sooner again unless results pile up: each time
costs as much as several calls."""
JOIN_S = 2.0
"""How long a stop waits for a call under way: longer than any that isn't stuck."""


class ThreadDriver:
    """Works on an engine with `workers` threads until all outputs have ended.

    A worker goes on with what it has just made ready and wakes another only if there is more.
    """

    def __init__(self, execution: Execution, clock: RealClock, workers: int) -> None:
        self.execution = execution
        self.engine: Engine = execution.engine
        self.clock = clock
        self.interrupted = False
        """Set without the lock, also by signal handlers; the guard tells the consumer."""
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._output = threading.Condition(self._lock)
        self._idle = 0
        self._notified = 0
        self._stopping = threading.Event()
        self._calls: dict[threading.Thread, tuple[Call, int]] = {}
        self._stuck: set[Node] = set()
        self._failure: BaseException | None = None
        self._workers = [self._worker() for _ in range(workers)]
        self._pushers = [
            threading.Thread(target=self._push, args=(s,), name=f"edge-{s.name}", daemon=True)
            for s in self.engine.stations
            if s.is_source and not s.pulled
        ]
        self._guard = threading.Thread(target=self._run_guard, name="edge-guard", daemon=True)
        execution.on_event = self._event_arrived

    def _worker(self) -> threading.Thread:
        return threading.Thread(target=self._run_worker, name="edge-worker", daemon=True)

    def exclusively(self) -> AbstractContextManager[Any]:
        """Have nothing else touch engine and overseer meanwhile."""
        return self._lock

    def start(self) -> None:
        self.clock.start()
        with self._lock:
            self.engine.start(self.execution.tell)
        for thread in [*self._workers, *self._pushers, self._guard]:
            thread.start()

    def next(self) -> tuple[Inlet, Packet[Any]] | None:
        """Wait for an event or an output: None when there are events, or all has ended.

        Raises what keeps the graph from going on, after all that came before it.
        """
        with self._output:
            while True:
                if self.execution.events:
                    return None
                found = self.engine.poll()
                if found is not None or self.engine.finished or self.interrupted:
                    self._wake()
                    return found
                if self._failure is not None:
                    raise self._failure
                if self._look_for_jam():
                    self._wake()
                elif self._failure is None:
                    self._output.wait()

    def stop(self) -> None:
        """End all threads, then close all nodes. What is under way is finished, not more."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._stopping.set()
            self._work.notify_all()
        for station in self.engine.stations:
            if station.is_source and not station.pulled:
                self.execution.close_node(station)  # so that a read that blocks returns
        for thread in [*self._workers, *self._pushers, self._guard]:
            if thread.ident is not None:  # it was started
                thread.join(JOIN_S)
            if thread.is_alive():
                log.warning("thread %s doesn't end; its node is left to it", thread.name)
        with self._lock:
            stuck = self._stuck | {call.node for call, _ in self._calls.values()}
        self.execution.close(frozenset(stuck))

    # -- threads -------------------------------------------------------------------------------

    def _run_worker(self) -> None:
        try:
            self._work_on()
        except BaseException as error:  # ours: whoever waits for results must hear of it
            with self._lock:
                self._failure = error
                self._output.notify_all()

    def _work_on(self) -> None:
        this = threading.current_thread()
        engine = self.engine
        with self._lock:
            while not self._stopping.is_set():
                call = engine.take()
                if call is None:
                    self._wait_for_work()
                    continue
                self._calls[this] = call, engine.now()
                if call.station.usual_us >= WORTH_WAKING_US:
                    self._wake()
                self._lock.release()
                try:
                    outcome = self.execution.perform(call)
                finally:
                    self._lock.acquire()
                _, begun = self._calls.pop(this, (None, None))
                if begun is None:  # given up on: another works in its place
                    self._stuck.discard(call.node)
                    self.execution.close_abandoned(call)
                    return
                self.execution.record(call, begun, engine.now(), outcome)
                engine.complete(call, *outcome)
                self._notify_consumer()

    def _wait_for_work(self) -> None:
        engine = self.engine
        if engine.timers and engine.timers[0][0] <= engine.now():
            engine.tick()
            return
        if self._look_for_jam():
            return
        timeout = (engine.timers[0][0] - engine.now()) / 1e6 if engine.timers else None
        self._idle += 1
        self._work.wait(timeout)
        self._idle -= 1

    def _look_for_jam(self, live: bool = False) -> bool:
        """Where nothing runs and nobody pushes: end a graph that can't go on, or make room.

        `live`: look although sources push. Returns True if there is something to do again.
        """
        if self.engine.busy or (self._pushers and not live):
            return False
        reason = self.engine.deadlock()
        if reason is None:
            return self.engine.unjam()
        self._failure = self._failure or UserError(reason)
        self._output.notify_all()
        return False

    def _push(self, station: Station) -> None:
        failure: BaseException | None = None
        try:
            for packet in station.packets:
                if not station.live and self._sleep_until(packet.t):
                    break
                with self._lock:
                    if self._stopping.is_set() or station.ending:
                        break
                    self.engine.offer(station, packet)
                    self._wake()
                    self._notify_consumer()
        except Exception as error:
            failure = error
        with self._lock:
            self.engine.end_source(station, failure)
            self._wake()
            self._notify_consumer()

    def _sleep_until(self, t: int) -> bool:
        """Sleep until t on the clock; True if the graph was stopped meanwhile."""
        return self._stopping.wait(max(0, t - self.clock.now()) / 1e6)

    def _wake(self) -> None:
        """Wake a worker if there is work for it. A quick source can wait for one at work."""
        if self._idle and any(
            not self._calls or not station.pulled or station.usual_us >= WORTH_WAKING_US
            for *_, station in self.engine.ready
        ):
            self._work.notify()

    def _notify_consumer(self) -> None:
        if self.engine.finished:
            self._work.notify_all()
            self._output.notify_all()
        elif any(outlet.queue for outlet in self.engine.outlets):
            now = self.engine.now()
            if (
                now - self._notified >= NAP_US
                or not self.engine.ready
                or any(2 * len(outlet.queue) >= outlet.capacity for outlet in self.engine.outlets)
            ):
                self._notified = now
                self._output.notify()

    def _event_arrived(self) -> None:
        with self._lock:
            self._output.notify()

    def _run_guard(self) -> None:
        """Look for calls that are stuck, and for nodes that wait for each other in a circle."""
        while not self._stopping.wait(GUARD_PERIOD_S):
            with self._lock:
                now = self.engine.now()
                for thread, (call, since) in list(self._calls.items()):
                    if not call.station.pulled and now - since > call.station.limit_us:
                        self._replace(thread, call, now - since)
                self._look_for_jam(live=True)
                self._wake()
                self._notify_consumer()  # of what a source that takes long would keep from it
                if self.interrupted:
                    self._output.notify_all()

    def _replace(self, thread: threading.Thread, call: Call, took: int) -> None:
        log.error("node '%s' is stuck: its call at t=%.3f s has taken %.1f s",
                  call.station.name, call.t / 1e6, took / 1e6)  # fmt: skip
        del self._calls[thread]
        self._stuck.add(call.node)
        self.engine.abandon(call)
        self._workers.remove(thread)
        worker = self._worker()
        self._workers.append(worker)
        worker.start()
        self._notify_consumer()

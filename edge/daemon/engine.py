"""The engine: owns devices and graph, tells the server what they see, and does what it asks.

Its own program, `python -m edge.daemon.engine FD`: a server that stands still, or a client that
floods it, takes nothing of its time, and when it dies the server starts another.
"""

import logging
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import closing

from edge.cli.lines import Lines
from edge.daemon.assembly import PICTURE, Assembly
from edge.daemon.config import Config, Mute, View, needs_new_graph
from edge.daemon.link import Link
from edge.daemon.logs import log_to_stderr
from edge.daemon.report import Report
from edge.daemon.wire import (
    PICTURE_HEAD,
    Configure,
    EngineState,
    Kind,
    Request,
    SetBudget,
    SetMute,
    SetView,
    Watch,
)
from edge.errors import UserError
from edge.graph import Event, Result, Run
from edge.graph.spec import Budget
from edge.io.jpeg import Jpeg
from edge.io.results_file import ENCODER
from edge.io.switched import Switched

log = logging.getLogger("edge.daemon.engine")  # not __main__
STATE_S = 0.5
"""Between two states: what a dial does is to be seen at once."""
RETRY_S = 2.0
"""Before a graph that can't run is tried again: what it lacks may have come."""
SILENT_US = 500_000
"""An event waits for its frame; where no frame comes for so long, it goes without."""


class Engine:
    """Runs the graph of the newest settings, for ever; commands come on another thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._link = Link(connection, self.handle)
        self._changed = threading.Condition()
        self._config: Config | None = None
        self._begin_again = False
        self._budget: Budget | None = None
        self._mute, self._view, self._watch = Mute(), View(), Watch()
        self._run: Run | None = None
        self._assembly: Assembly | None = None
        self._report: Report | None = None
        self._error = ""

    def work(self) -> None:
        """Return once the server is gone."""
        self._link.start()
        ticker = threading.Thread(target=self._tick, name="state", daemon=True)
        ticker.start()
        while not self._link.closed.is_set():
            with self._changed:
                self._changed.wait_for(self._is_wanted, 0.2)
                config = self._config
            if config is not None and not self._link.closed.is_set():
                self._perform_and_say(config)
        ticker.join(2)
        self._link.close()

    def handle(self, request: Request) -> None:
        """Do what a command says. Raises UserError where it can't be done."""
        command = request.command
        with self._changed:
            if isinstance(command, Configure):
                self._configure(command.config)
            elif isinstance(command, SetBudget):
                self._set_budget(command.budget)
            elif isinstance(command, SetMute):
                self._set_mute(command.mute)
            elif isinstance(command, SetView):
                self._set_view(command.view)
            elif isinstance(command, Watch):
                self._watch = command
                self._apply_watch()
        self._tell_state()

    # -- the graph ------------------------------------------------------------------------------

    def _is_wanted(self) -> bool:
        return self._config is not None or self._link.closed.is_set()

    def _perform_and_say(self, config: Config) -> None:
        """Run the graph; whatever ends it is said, and it begins again, a little later."""
        try:
            self._perform(config)
            self._error = ""
        except UserError as error:
            if str(error) != self._error:
                log.warning("%s", error)
            self._error = str(error)
        except Exception as error:
            log.exception("the graph failed")
            self._error = f"the graph failed: {error!r}"
        with self._changed:
            if self._error and not self._begin_again:
                self._changed.wait_for(
                    lambda: self._begin_again or self._link.closed.is_set(), RETRY_S
                )
            self._begin_again = False

    def _perform(self, config: Config) -> None:
        with self._changed:
            assembly = Assembly(config, self._mute, self._view)
            if self._budget is not None:
                assembly.graph.promise(
                    latency_ms=self._budget.latency_ms, power_w=self._budget.power_w
                )
            run = assembly.graph.run(pace="realtime")
            self._assembly, self._run = assembly, run
            self._report = report = Report(assembly, run)
            self._apply_watch()
        lines, newest_t = Lines(), 0
        try:
            with closing(run.items()) as items:
                for item in items:
                    if isinstance(item, Result) and item.name == PICTURE:
                        self._send_picture(item.value)
                        continue
                    if isinstance(item, Event):
                        report.streams.see(item)
                    else:
                        report.result(item.age_us)
                        newest_t = item.t
                    for line in lines.of(item):
                        self._link.line(ENCODER.encode(line))
                    if isinstance(item, Event) and item.t > newest_t + SILENT_US:
                        for line in lines.rest():
                            self._link.line(ENCODER.encode(line))
                    self._error = ""
                    if self._link.closed.is_set():
                        run.stop()
        finally:
            with self._changed:
                self._run = self._report = None

    def _send_picture(self, jpeg: Jpeg) -> None:
        self._link.newest(Kind.PICTURE, PICTURE_HEAD.pack(jpeg.frame), jpeg.data)

    def _restart(self) -> None:
        self._begin_again = True
        if self._run is not None:
            self._run.stop()
        self._changed.notify_all()

    # -- commands, under the lock ---------------------------------------------------------------

    def _configure(self, config: Config) -> None:
        old, self._config = self._config, config
        logging.getLogger("edge").setLevel(config.log.level.upper())
        self._changed.notify_all()
        if old is None:
            self._budget, self._mute, self._view = config.budget, config.mute, config.view
            return
        # What was changed by hand since stays, unless the settings themselves have changed it.
        if config.mute != old.mute:
            self._set_mute(config.mute)
        if config.view != old.view:
            self._set_view(config.view)
        if needs_new_graph(old, config):
            self._budget = config.budget
            self._restart()
            return
        if config.budget != old.budget and config.budget is not None:
            self._set_budget(config.budget)
        if config.picture != old.picture:
            self._set(
                {
                    f"{PICTURE}.width": config.picture.width,
                    f"{PICTURE}.quality": config.picture.quality,
                }
            )

    def _set_budget(self, budget: Budget) -> None:
        self._budget = budget
        if self._run is not None and not self._run.promise(budget):
            self._restart()  # it promised nothing so far, so nobody governs it

    def _set_mute(self, mute: Mute) -> None:
        self._mute = mute
        if self._run is None or self._assembly is None:
            return
        wanted = self._assembly.muted(mute)
        for name, source in self._run.sources().items():
            if isinstance(source, Switched) and name in wanted:
                (source.mute if wanted[name] else source.unmute)()

    def _set_view(self, view: View) -> None:
        if self._assembly is not None:
            if view.framing and not self._assembly.can_frame:
                raise UserError("this graph has no director: framing isn't to be had")
            if view.background != "keep" and not self._assembly.can_replace:
                raise UserError("this graph has no silhouettes: the background stays")
            self._set(self._assembly.shown(view))
        self._view = view

    def _apply_watch(self) -> None:
        if self._run is None or self._assembly is None or self._report is None:
            return
        self._set(self._assembly.watched(self._watch.picture, self._watch.landmarks))
        self._run.record(self._report.trace if self._watch.trace else None)

    def _set(self, options: Mapping[str, object]) -> None:
        if self._run is not None:
            for key, value in options.items():
                self._run.set(key, value)

    # -- states ---------------------------------------------------------------------------------

    def _tick(self) -> None:
        while not self._link.closed.wait(STATE_S):
            self._tell_state()
        with self._changed:
            if self._run is not None:
                self._run.stop()
            self._changed.notify_all()

    def _tell_state(self) -> None:
        with self._changed:
            self._link.newest(Kind.STATE, ENCODER.encode(self._state()))

    def _state(self) -> EngineState:
        if self._run is None or self._report is None:
            mute, view, budget = self._mute, self._view, self._budget or Budget()
            return EngineState(
                running=False, error=self._error, mute=mute, view=view, budget=budget
            )
        return self._report.state(self._mute, self._view, self._watch.trace, self._link.lost)


def main() -> None:
    from edge.cli import share_one_heap

    share_one_heap()
    for number in (signal.SIGINT, signal.SIGTERM):  # the server's, who ends us by hanging up
        signal.signal(number, signal.SIG_IGN)
    log_to_stderr(sys.argv[2] if len(sys.argv) > 2 else "auto")
    Engine(socket.socket(fileno=int(sys.argv[1]))).work()


if __name__ == "__main__":
    main()

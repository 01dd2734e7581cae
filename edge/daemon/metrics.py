"""What Prometheus scrapes: https://prometheus.io/docs/practices/naming/."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from edge.daemon.service import State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of a state, made as they are asked for."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Return nothing: what there is, is known once there is a state."""
        return []

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        engine, server = state.engine, state.server
        for name, about, value in (
            ("edge_engine_up", "Whether the graph runs.", float(engine.running)),
            ("edge_frames_per_second", "Results a second, of the last seconds.", engine.fps),
            ("edge_power_watts", f"Power ({engine.power_source or 'unknown'}).", engine.power_w),
            ("edge_engine_cpu_cores", "Cores that the engine keeps busy.", engine.cpu),
            ("edge_engine_memory_bytes", "Resident memory.", 1e6 * engine.memory_mb),
            ("edge_clients", "Clients that listen.", server.clients),
            ("edge_config_wrong", "Whether the settings' file can't be followed.",
             float(bool(server.config_error))),
        ):  # fmt: skip
            yield GaugeMetricFamily(name, about, value)
        if engine.temperature_c is not None:
            yield GaugeMetricFamily(
                "edge_temperature_celsius", "Of the hottest zone.", engine.temperature_c
            )
        if engine.latency_ms is not None:
            age = GaugeMetricFamily(
                "edge_latency_seconds", "From capture to result.", labels=["quantile"]
            )
            age.add_metric(["0.5"], engine.latency_ms.p50 / 1000)
            age.add_metric(["0.95"], engine.latency_ms.p95 / 1000)
            yield age
        live = GaugeMetricFamily("edge_stream_up", "Whether it delivers.", labels=["stream"])
        for name, stream in engine.streams.items():
            live.add_metric([name], float(stream.state == "live"))
        yield live
        yield _counts("edge_frames_dropped", "Frames without a result.", "reason", engine.dropped)
        yield _counts("edge_client_dropped", "What clients were too slow for.", "kind",
                      server.dropped)  # fmt: skip
        yield _counts("edge_actions", "What rules had done.", "outcome", server.actions)
        yield CounterMetricFamily("edge_frames", "Frames of the cameras.", engine.frames)
        yield CounterMetricFamily("edge_engine_restarts", "Of the engine.", server.restarts)


def _counts(name: str, about: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=[label])
    for key, count in counts.items():
        family.add_metric([key], count)
    return family

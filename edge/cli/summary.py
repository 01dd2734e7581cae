"""The account of a run for people to read."""

from collections import Counter

from msgspec import UNSET

from edge.cli.options import print_table
from edge.cli.session import Account
from edge.people.results import Summary


def print_account(account: Account) -> None:
    """Print what came in, what went missing, how long it took and where the time went."""
    summary, statistics = account.summary, account.statistics
    lost = ", ".join(f"{n} {reason}" for reason, n in summary.dropped_by.items())
    rows: list[tuple[str, ...]] = [
        ("frames", str(summary.frames)),
        ("dropped", f"{summary.dropped}" + (f" ({lost})" if lost else "")),
        ("people", str(len(account.people))),
    ]
    if looks := _looks(statistics.counts):
        rows.append(("looks", looks))
    if summary.latency_ms is not UNSET:
        p = summary.latency_ms
        rows.append(("latency", f"{p.p50:.1f} ms median, {p.p95:.1f} ms p95, {p.p99:.1f} ms p99"))
    if summary.late is not UNSET:
        put_off = statistics.counts.get("governor.put_off", 0)
        rows.append(("late", f"{summary.late}; {put_off} looks were put off"))
    if summary.cpu_ms_per_frame is not UNSET:
        rows.append(("processor", f"{summary.cpu_ms_per_frame:.1f} ms a frame, all threads"))
    if summary.energy_mj_per_frame is not UNSET:
        rows.append(("energy", f"{summary.energy_mj_per_frame:.0f} mJ a frame ({_meter(summary)})"))
    print_table(rows)
    rows_of_nodes = [
        (name, str(calls), str(failed), f"{1000 * busy / max(calls, 1):.2f}", f"{1000 * worst:.2f}")
        for name, (calls, failed, busy, worst) in statistics.nodes.items()
    ]
    print_table([("node", "calls", "failed", "mean ms", "worst ms"), *rows_of_nodes])


def _meter(summary: Summary) -> str:
    return "by model" if summary.energy_source == "model" else f"by {summary.energy_source}"


def _looks(counts: dict[str, int]) -> str:
    """Return how often each detector looked, and why; "" where none did.

    `counts`: "node.detect:reason" → how often, among others.
    """
    looks: dict[str, Counter[str]] = {}
    for name, n in counts.items():
        node, _, what = name.partition(".")
        kind, _, reason = what.partition(":")
        if kind == "detect":
            looks.setdefault(node, Counter())[reason] += n
    return "; ".join(
        f"{node} {reasons.total()} ({', '.join(f'{n} {r}' for r, n in reasons.most_common())})"
        for node, reasons in looks.items()
    )

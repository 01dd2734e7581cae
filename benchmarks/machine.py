"""On what and when something was measured."""

import datetime
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator

import msgspec

from benchmarks.contest import PEER_PYTHON
from edge.inference.choice import processor

PACKAGES = (
    "edge-perception",
    "ai-edge-litert",
    "tflite-runtime",
    "opencv-python-headless",
    "opencv-python",
    "numpy",
    "av",
)


class Machine(msgspec.Struct, frozen=True):
    """`load`: processes that wanted a core in the minute before. `versions`: of what was measured
    and of what it runs on, by package; the peer's MediaPipe among them, where it is here."""

    date: str
    cpu: str
    cores: int
    load: float
    system: str
    python: str
    kernel: str = ""
    versions: dict[str, str] = {}

    def text(self) -> str:
        return (
            f"{self.date}, {self.cpu}, {self.cores} cores, load {self.load:.1f}, "
            f"{self.system}, Python {self.python}"
        )

    def details(self) -> str:
        """Return what only who compares needs: "Linux 6.1, numpy 2.2.6, …"."""
        versions = (f"{name} {version}" for name, version in self.versions.items())
        return ", ".join([f"kernel {self.kernel}", *versions])


def this_machine() -> Machine:
    return Machine(
        date=datetime.date.today().isoformat(),
        cpu=processor(),
        cores=os.cpu_count() or 1,
        load=os.getloadavg()[0],
        system=f"{platform.system()} {platform.machine()}",
        python=".".join(map(str, sys.version_info[:3])),
        kernel=platform.release(),
        versions=dict(_versions()),
    )


def _versions() -> Iterator[tuple[str, str]]:
    found = {each.name: each.version for each in importlib.metadata.distributions()}
    for name in PACKAGES:
        if name in found:
            yield name, found[name]
    folders = PEER_PYTHON.parents[1].glob("lib/python3*/site-packages")
    peers = importlib.metadata.distributions(name="mediapipe", path=[str(each) for each in folders])
    for peer in peers:
        yield peer.name, peer.version

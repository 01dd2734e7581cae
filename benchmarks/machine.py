"""On what and when something was measured."""

import datetime
import os
import platform
import sys

import msgspec

from edge.inference.choice import processor


class Machine(msgspec.Struct, frozen=True):
    """`load`: processes that wanted a core in the minute before."""

    date: str
    cpu: str
    cores: int
    load: float
    system: str
    python: str

    def text(self) -> str:
        return (
            f"{self.date}, {self.cpu}, {self.cores} cores, load {self.load:.1f}, "
            f"{self.system}, Python {self.python}"
        )


def this_machine() -> Machine:
    return Machine(
        date=datetime.date.today().isoformat(),
        cpu=processor(),
        cores=os.cpu_count() or 1,
        load=os.getloadavg()[0],
        system=f"{platform.system()} {platform.machine()}",
        python=".".join(map(str, sys.version_info[:3])),
    )

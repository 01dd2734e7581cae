"""The command line: `edge run`, `edge demo` and what helps to build and mend a graph.

Modules here import cv2, PyAV and LiteRT only inside their commands, so that `edge --help` is there
at once.
"""

import ctypes
import platform
import sys

import click

from edge.cli.bench import bench
from edge.cli.calibrate import calibrate
from edge.cli.daemon import daemon
from edge.cli.demo import demo
from edge.cli.diff import diff
from edge.cli.doctor import doctor
from edge.cli.gestures import gestures
from edge.cli.graphs import graph, nodes
from edge.cli.logs import log_to_stderr
from edge.cli.models import models
from edge.cli.options import Group
from edge.cli.reframe import reframe
from edge.cli.run import run
from edge.cli.voices import voices
from edge.errors import UserError


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="edge-perception", prog_name="edge")
@click.option(
    "-v", "--verbose", is_flag=True, help="Say more, tracebacks of failed nodes included."
)
def edge(verbose: bool) -> None:
    """Turn cameras and microphones into people.

    \b
    New here?      edge demo
    A clip?        edge run faces --source clip.mp4 --out results.jsonl --video annotated.mp4
    A problem?     edge doctor

    `edge COMMAND --help` explains each command.
    """
    log_to_stderr(verbose)


for command in (
    *(run, demo, daemon, graph, nodes, models, calibrate, voices, gestures),
    *(reframe, diff, doctor, bench),
):
    edge.add_command(command)


M_ARENA_MAX = -8
"""Of `mallopt`, as glibc's malloc.h has it."""


def main() -> None:
    share_one_heap()
    end(edge, "edge")


def share_one_heap() -> None:
    """Have all threads take memory from one heap: one each leaves 5 % of all in holes."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def end(command: click.Command, name: str) -> None:
    """Run `command` and exit: 0 done, 1 differs, 2 for what the user has to mend, 130 Ctrl-C."""
    try:
        code = command.main(prog_name=name, standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = 2
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else name
        code = _fail(f"{error.format_message().rstrip('.')}; see {path} --help")
    except (click.ClickException, UserError) as error:
        code = _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        code = 130
    sys.exit(code)


def _fail(message: str) -> int:
    print(f"edge: {' '.join(message.split())}", file=sys.stderr)
    return 2

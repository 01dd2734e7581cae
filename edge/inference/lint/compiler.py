"""`edgetpu_compiler`, where it is installed: what it says of a file."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from msgspec import Struct

from edge.errors import UserError

COMPILER = "edgetpu_compiler"
PATIENCE_S = 300  # its own limit is 180 s a model
MAPPED = "Mapped to Edge TPU"


class CompilerVerdict(Struct, frozen=True, kw_only=True):
    """What `edgetpu_compiler` said. `compiled`: it made a file. `version`: "" where it didn't say.

    `unmapped`: its reasons, such as "SOFTMAX × 1: Operation not supported". `streamed`: its word
    on parameters that don't fit on the chip, such as "0.00B". `message`: its last line where it
    failed.
    """

    compiled: bool
    version: str
    unmapped: tuple[str, ...]
    streamed: str
    message: str


def compiler() -> str | None:
    """Return where `edgetpu_compiler` is, None where it isn't installed."""
    return shutil.which(COMPILER)


def compile_model(program: str, content: bytes) -> CompilerVerdict:
    """Run `program`, the compiler, on a .tflite file's bytes; what it makes is thrown away.

    Raises UserError where it can't be run or doesn't come to an end.
    """
    with tempfile.TemporaryDirectory(prefix="edge-lint-") as folder:
        model = Path(folder) / "model.tflite"
        model.write_bytes(content)
        command = [program, "--show_operations", "--out_dir", folder, str(model)]
        try:
            finished = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=PATIENCE_S,
            )
        except OSError as error:
            raise UserError(f"{program}: can't be run ({error.strerror})") from error
        except subprocess.TimeoutExpired as error:
            raise UserError(f"{program}: no end after {PATIENCE_S} s") from error
        made = (Path(folder) / "model_edgetpu.tflite").is_file()
    return verdict(finished.stdout, made and finished.returncode == 0)


def verdict(said: str, compiled: bool) -> CompilerVerdict:
    """Return what the compiler's output says."""
    version = re.search(r"^Edge TPU Compiler version (\S+)", said, re.MULTILINE)
    streamed = re.search(r"streaming uncached model parameters: (\S+)", said)
    rows = re.findall(r"^([A-Za-z]\w+) +(\d+) +(\S.*)$", said, re.MULTILINE)
    lines = said.strip().splitlines()
    return CompilerVerdict(
        compiled=compiled,
        version=version[1] if version else "",
        unmapped=tuple(f"{kind} × {n}: {why}" for kind, n, why in rows if why.strip() != MAPPED),
        streamed=streamed[1] if streamed else "",
        message="" if compiled or not lines else lines[-1],
    )

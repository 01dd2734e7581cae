"""Files for the Edge TPU, which runs only what its compiler has made of a full-integer model."""

from pathlib import Path

from edge.errors import UserError
from edge.inference.registry import ModelFile
from edge.paths import cache_dir

COMPILED = b"edgetpu-custom-op"
"""The operation that holds the compiler's work; on a processor it can't run."""


def compiled(file: ModelFile) -> ModelFile:
    """Return what the Edge TPU runs for a model: the file itself if it is compiled, else what
    `edgetpu_compiler` made of it, in a folder of the cache that goes by the file's hash.

    Raises UserError, with the command to run, where it isn't compiled yet.
    """
    content = file.file if isinstance(file.file, bytes) else file.file.read_bytes()
    if COMPILED in content:
        return file
    if file.variant is None or isinstance(file.file, bytes):
        raise UserError(f"{file.name} isn't compiled for the Edge TPU; see edgetpu_compiler")
    folder = cache_dir() / "edgetpu" / file.variant.sha256[:8]
    path: Path = folder / f"{file.file.stem}_edgetpu.tflite"
    if not path.is_file():
        raise UserError(
            f"{file.name} isn't compiled for the Edge TPU; "
            f"run: mkdir -p {folder} && edgetpu_compiler -o {folder} {file.file}"
        )
    return file._replace(file=path)

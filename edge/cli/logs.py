"""What is said on the side: on standard error, one line each, above a progress bar."""

import logging
import sys


class _OneLine(logging.Formatter):
    """The message and its cause, without the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        cause = repr(record.exc_info[1]) if record.exc_info else ""
        said = message if cause in message else f"{message}: {cause}"
        return f"edge: {' '.join(said.split())}"


class _AboveProgress(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stderr)


def log_to_stderr(verbose: bool) -> None:
    """Show warnings and errors; if `verbose` all that edge has to tell, tracebacks included."""
    handler = _AboveProgress()
    handler.setFormatter(logging.Formatter("edge: %(message)s") if verbose else _OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    if verbose:
        logging.getLogger("edge").setLevel(logging.DEBUG)

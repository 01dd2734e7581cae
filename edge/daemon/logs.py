"""Logs for whoever collects them: one JSON object a line, or text for a terminal."""

import logging
import sys
from datetime import datetime, timezone

import msgspec


class JsonLines(logging.Formatter):
    """time (UTC), level, logger and message of each record, its traceback where it has one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                "T", "milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def log_to_stderr(form: str) -> None:
    """`form`: "json", "text", or "auto" for text where a terminal shows it."""
    handler = logging.StreamHandler()
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler.setFormatter(logging.Formatter("edge: %(message)s") if as_text else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)

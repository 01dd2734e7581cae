"""The one error that is the user's to mend."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """What the user gave can't be used; the message is one line that says what to do.

    The command line prints it without a traceback and exits with code 2. Parsers, whose reasons are
    often quoted, write them over several lines; here they become one.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known name closest to `name`, else the known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""

"""What systemd is told: https://www.freedesktop.org/software/systemd/man/sd_notify.html."""

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(message: str) -> None:
    """Tell systemd, where it started us: READY=1, WATCHDOG=1, STOPPING=1."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(address)
            sender.sendall(message.encode())
    except OSError as error:
        log.warning("systemd can't be told %s: %s", message, error)


def watchdog_s() -> float | None:
    """Return how often systemd wants to hear that all is well, None where it doesn't: half of what
    it waits."""
    for_us = os.environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
    wait_us = os.environ.get("WATCHDOG_USEC", "")
    return int(wait_us) / 2e6 if for_us and wait_us.isdigit() else None

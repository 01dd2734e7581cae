"""Faults are of a running daemon."""

from tests.daemon.conftest import start

__all__ = ["start"]

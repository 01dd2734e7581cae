"""What edge costs on this machine, and beside its peer: `python -m benchmarks --help`.

This module and those that the peer's process runs (`worker`, `peer`) import neither edge nor
what comes with it.
"""

"""Latency and power as promises: what work costs, how well it may be done, who decides."""

"""The service: an engine that owns devices and graph, and a server that supervises it."""

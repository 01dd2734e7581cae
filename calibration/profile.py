"""Where a network's time goes: every operator on its own, as a network of one."""

import time
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from calibration.flatbuffer import Network
from edge.inference.backend import without_information

ROUNDS = 10
IN_A_ROW = 5
"""Calls of one operator after another: in the whole network its input is fresh in the cache too."""


class Cost(NamedTuple):
    """One operator's time in µs, by itself, one thread; `shape` is of its first output."""

    kind: str
    name: str
    shape: tuple[int, ...]
    us: float


def profile(content: bytes) -> list[Cost]:
    """Return the least time of every operator of a network, in order of execution.

    The sum is off from the whole network by what is fused there and by what the caches hold.
    """
    whole = Network(content)
    ready: list[tuple[Any, Interpreter]] = []
    with without_information():
        for place, operator in enumerate(whole.operators):
            interpreter = Interpreter(model_content=alone(content, place), num_threads=1)
            interpreter.allocate_tensors()
            interpreter.invoke()
            ready.append((operator, interpreter))
    costs = np.full(len(ready), np.inf)
    for _ in range(ROUNDS):
        for place, (_, interpreter) in enumerate(ready):
            for _ in range(IN_A_ROW):
                start = time.perf_counter_ns()
                interpreter.invoke()
                costs[place] = min(costs[place], (time.perf_counter_ns() - start) / 1e3)
    return [
        Cost(
            whole.kind(operator),
            whole.name(operator.outputs[0]),
            whole.shape(operator.outputs[0]),
            float(cost),
        )
        for (operator, _), cost in zip(ready, costs, strict=True)
    ]


def alone(content: bytes, place: int) -> bytes:
    """Return the network that consists of one operator of another."""
    network = Network(content)
    operator = network.operators[place]
    network.operators = [operator]
    network.graph.inputs = [
        index
        for index in dict.fromkeys(operator.inputs)
        if index >= 0 and network.constant(index) is None
    ]
    network.graph.outputs = list(operator.outputs)
    network.model.signatureDefs = []
    return network.save()

"""Loops: networks that an operator of another network runs again and again."""

from calibration.flatbuffer import Network, pack


def save_with(network: Network, *others: Network) -> bytes:
    """Return the file of a network and of others, which its operators call graph 1, 2, ...

    The same networks always give the same bytes. They can't be used any more.
    """
    network.tidy()
    for other in others:
        other.tidy()
        _adopt(network, other)
    return pack(network.model)


def _adopt(network: Network, other: Network) -> None:
    """Move a network's graph, constants and operator codes into another network's file."""
    model = network.model
    codes = [(code.builtinCode, code.version) for code in model.operatorCodes]
    for operator in other.operators:
        code = other.model.operatorCodes[operator.opcodeIndex]
        key = (code.builtinCode, code.version)
        if key not in codes:
            codes.append(key)
            model.operatorCodes.append(code)
        operator.opcodeIndex = codes.index(key)
    first = len(model.buffers) - 1  # buffer 0 is the empty one, in every file
    for tensor in other.graph.tensors:
        tensor.buffer += first if tensor.buffer else 0
    model.buffers += other.model.buffers[1:]
    model.subgraphs.append(other.graph)

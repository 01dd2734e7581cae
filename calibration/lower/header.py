"""Passes on what stands around a network: what litert-quantizer needs and old files lack."""

from ai_edge_litert import schema_py_generated as schema

from calibration.flatbuffer import Network

SIGNATURE = "serving_default"


def repair_codes(network: Network) -> None:
    """Give every operator code both of its fields. Old files leave the newer one 0, which is ADD,
    and that is what litert-quantizer would take every operator for."""
    for code in network.model.operatorCodes:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)


def name_tensors(network: Network) -> None:
    """Give every tensor a name that no other has: ranges are kept by name."""
    names = [tensor.name.decode() if tensor.name else "tensor" for tensor in network.graph.tensors]
    given, taken = set(names), set[str]()
    for number, (tensor, name) in enumerate(zip(network.graph.tensors, names, strict=True)):
        unique = name
        while unique in taken or (unique in given and unique != name):
            unique = f"{name}_{number}"
            number += len(names)
        taken.add(unique)
        tensor.name = unique.encode()


def add_signature(network: Network) -> None:
    """Describe inputs and outputs by name, as litert-quantizer addresses them."""
    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE.encode()
    signature.subgraphIndex = 0
    signature.inputs = _entries(network, network.graph.inputs)
    signature.outputs = _entries(network, network.graph.outputs)
    network.model.signatureDefs = [signature]


def _entries(network: Network, indices: list[int]) -> list[schema.TensorMapT]:
    entries = []
    for index in indices:
        entry = schema.TensorMapT()
        entry.name = network.tensor(index).name
        entry.tensorIndex = index
        entries.append(entry)
    return entries

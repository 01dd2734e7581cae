"""Object detection: EfficientDet-Lite0 with whole numbers from end to end (Tan et al. 2020)."""

from calibration.flatbuffer import Network

OUTPUTS = ("StatefulPartitionedCall:11", "StatefulPartitionedCall:01")


def build(content: bytes) -> bytes:
    """Return the published detector without its conversions, from `object_detector.tflite`.

    Input: picture (1, 320, 320, 3), int8 codes, which are pixel - 128. Outputs: scores
    (1, 19206, 90) and boxes (1, 19206, 4) as int8 codes: the very numbers that the published
    file turns into float. That is what an Edge TPU takes, and it saves a pass over the picture
    and one over 1.7 million scores.
    """
    network = Network(content)
    (first,) = network.of_kind("QUANTIZE")
    network.graph.inputs = [first.outputs[0]]
    ends = [network.producer(index) for index in network.graph.outputs]
    if any(end is None or network.kind(end) != "DEQUANTIZE" for end in ends):
        raise ValueError("a detector whose outputs are dequantized is expected")
    network.graph.outputs = [end.inputs[0] for end in ends if end is not None]
    network.operators = [operator for operator in network.operators if operator is not first]
    network.model.signatureDefs = []
    return network.save()

"""Image embedding: EfficientNet-Lite0 without its last layer (Tan and Le 2019)."""

from calibration.flatbuffer import Network

SIZE = 1280
OUTPUTS = ("efficientnet-lite0/model/head/Squeeze1",)


def build(content: bytes) -> bytes:
    """Return the classifier cut before the layer that names classes, float or quantized.

    Input: picture (1, 224, 224, 3), -0.992 to 1, which is (pixel - 127) / 128. Output: features
    (1, 1280), 0 to 6, not normalised. From `efficientnet_lite0.tflite`, the float parent, or from
    `image_classifier.tflite`: the same network, quantized by its publisher with the layers'
    input as uint8.
    """
    network = Network(content)
    (classes,) = network.of_kind("FULLY_CONNECTED")
    network.graph.outputs = [classes.inputs[0]]
    network.model.signatureDefs = []
    return network.save()

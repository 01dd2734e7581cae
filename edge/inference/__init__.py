"""Models: found, fetched, checked and run. Knows nothing of graphs, cameras or people."""

from edge.inference.model import Model, load_model
from edge.inference.tensors import Quantization, Tensor

__all__ = ["Model", "Quantization", "Tensor", "load_model"]

"""The workshop: from published models to the quantized ones that the project ships."""

"""The mean of many voices' embeddings: what they have in common."""

import numpy as np

from calibration.samples.voices import of_embedding
from edge.audio.clustering import Floats
from edge.inference import load_model


def voice_mean() -> Floats:
    """Return the mean embedding (256,) of the calibration voices: seven recordings, with noise and
    without. Raises UserError where the real data is missing."""
    model = load_model("voice_embedding", threads=1, timed=False)
    embeddings = []
    for (spectra,) in of_embedding("voice_embedding", "calibration"):
        model.input()[0] = spectra
        (embedding,) = model.invoke()[0]
        embeddings.append(embedding / np.linalg.norm(embedding))
    model.close()
    return np.mean(embeddings, axis=0).astype(np.float32)

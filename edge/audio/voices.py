"""Whose voice is heard."""

from dataclasses import dataclass

import numpy as np

from edge.audio.clustering import Clustering, ClusteringSettings
from edge.audio.features import SETTINGS as FEATURES
from edge.audio.features import mel_spectra, raised
from edge.audio.voice_activity import FULL_SCALE, RATE, SECOND, Activity, heard
from edge.graph.node import Context, Node
from edge.inference import load_model
from edge.io.sounds import Sound
from edge.paths import resource

STEPS = 160
"""Mel spectra that the voice encoder takes: 1.6 s."""
MEAN = "models/voice_mean.npy"


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose voice was heard in `begin` to `end`, µs: `number` from 1."""

    t: int
    begin: int
    end: int
    number: int


class Voices(Node):
    """Says whose voice is heard, as numbers that stay with voices.

    `sound`: 16 kHz. `activity`: when somebody speaks.
    Output: a `Voice` each `every_s` of speech, about the middle of what it was told by; nothing
    while nobody speaks, or for speech shorter than `least_s`.
    """

    class Settings(Node.Settings):
        every_s: float = 0.2
        """So often it is asked whose voice this is: the shortest turns of a conversation."""
        window_s: float = 1.2
        """Of speech are listened to: shorter tells less of a voice, longer more often holds two.
        Less is only compared with what is known; it is like any other short stretch."""
        least_s: float = 0.4
        """Of speech, at least: below, it isn't the voice that decides."""
        pause_s: float = 0.4
        """After so long a pause somebody else may speak."""
        clustering: ClusteringSettings = ClusteringSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.model = load_model("voice_embedding", threads=1, timed=False, work=context.work)
        self.clustering = Clustering(np.load(resource(MEAN)), self.settings.clustering)
        size = round((self.settings.window_s + 1.0) * RATE)
        self.recent = np.zeros(size, np.float32)  # the newest sound, up to `end`
        self.since: int | None = None
        self.told = self.spoken = 0  # up to when a voice was told, and speech heard, µs

    def process(self, sound: Sound, activity: Activity) -> Voice | None:
        samples = heard(sound)
        self.recent = np.roll(self.recent, -len(samples))
        self.recent[-len(samples) :] = samples / np.float32(FULL_SCALE)
        settings = self.settings
        if activity.since is None:
            return None
        if self.since is None or activity.since - self.spoken > settings.pause_s * SECOND:
            self.since = self.told = activity.since
        self.spoken = activity.end
        spoken_s = (activity.end - self.since) / SECOND
        if spoken_s < settings.least_s or activity.end - self.told < settings.every_s * SECOND:
            return None
        begin = max(self.since, activity.end - round(settings.window_s * SECOND))
        self.told = activity.end
        embedding = self._embedding((activity.end - begin) / SECOND)
        number = self.clustering.voice(embedding, whole=begin > self.since)
        return Voice(activity.t, begin, activity.end, number) if number else None

    def close(self) -> None:
        self.model.close()

    def _embedding(self, seconds: float) -> np.ndarray:
        """Return the embedding (256,) of the newest sound, repeated where there is too little."""
        newest = self.recent[-round(seconds * RATE) :]
        spectra = mel_spectra(raised(newest))[: len(newest) // FEATURES.step]
        self.model.input()[0] = np.resize(spectra, (STEPS, FEATURES.bands))
        (embedding,) = self.model.invoke()[0]
        return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-9), np.float32)

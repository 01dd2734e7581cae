"""What a graph that only hears has to say."""

from dataclasses import dataclass

from edge.audio.turns import Turns, TurnSettings
from edge.audio.voice_activity import Activity
from edge.audio.voices import Voice
from edge.graph.node import Context, Node


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one chunk of sound: how loud it is, how likely somebody speaks, whose voice it is, None
    where nobody speaks or nobody knows."""

    level_db: float
    probability: float
    voice: str | None


class Hearing(Node):
    """Tells of speech: who began, who ended.

    `activity`: when somebody speaks. `voices`: whose voice that is; may be unwired.
    Output: `Heard` for each chunk of sound.
    Events: `speech_started`, `speech_ended`, with `voice` ("voice-1" and so on, or a name that was
    enrolled). Their t is when speech began or ended; a start is told once the voice is known, after
    about half a second.
    """

    class Settings(Node.Settings):
        turns: TurnSettings = TurnSettings()

    settings: Settings

    def open(self, context: Context) -> None:
        super().open(context)
        self.turns: Turns[int] = Turns(self.settings.turns)
        self.names: dict[int, str] = {}

    def process(self, activity: Activity, voices: Voice | None) -> Heard:
        number = voices.number if voices else None
        if voices:
            self.names[voices.number] = voices.name
        t = (voices.begin + voices.end) // 2 if voices else activity.end
        for said in self.turns.hear(activity, number, t):
            self._tell(said.kind, said.t, said.who)
        return Heard(activity.level_db, activity.probability, voices.name if voices else None)

    def finish(self) -> None:
        for said in self.turns.finish():
            self._tell(said.kind, said.t, said.who)

    def _tell(self, kind: str, t: int, number: int | None) -> None:
        named = {"voice": self.names[number]} if number else {}
        self.context.event(kind, at=t, **named)

"""Home Assistant over a real broker: what is discovered, told, and kept while it is away."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from edge.actions.table import Broker
from edge.daemon.config import HomeAssistant
from edge.daemon.home import Home
from edge.people.results import Face, FrameResult, Person
from tests.brokers import Heard, free_port, listening, mosquitto
from tests.daemon.conftest import FACES, Starts


def settings(port: int, kept: int = 1000) -> HomeAssistant:
    return HomeAssistant(broker=Broker(host="127.0.0.1", port=port), name="kitchen", kept=kept)


def frame(*people: Person) -> FrameResult:
    return FrameResult(frame=0, t=0.0, size=[64, 48], people=list(people))


def person(id_: int, **more: Any) -> Person:
    box = [0.0, 0.0, 9.0, 9.0]
    return Person(id=id_, box=box, score=1.0, fresh=True, face=Face(box=box, score=1.0), **more)


def gesture(name: str) -> dict[str, Any]:
    return {"type": "event", "t": 1.0, "kind": "gesture", "person": 3, "name": name, "score": 0.9}


def told(heard: Heard, topic: str, value: str, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while (topic, value) not in heard.messages:
        assert time.monotonic() < end, f"{topic} {value} not in {heard.messages}"
        time.sleep(0.02)


def test_who_is_here_speaks_and_gestures_is_told(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, listening(port, "edge/kitchen/#") as heard:
        with closing(Home(settings(port))) as home:
            told(heard, "edge/kitchen/status", "online")
            home.see(frame(person(3, speaking=0.9, voice="Ada"), person(4, speaking=0.1)))
            home.see({"type": "event", "t": 1.0, "kind": "addressed", "person": 3})
            home.see(gesture("wave"))
            told(heard, "edge/kitchen/presence", "ON")
            told(heard, "edge/kitchen/people", "2")
            told(heard, "edge/kitchen/speaking", "Ada")
            told(heard, "edge/kitchen/addressed", "ON")
            told(heard, "edge/kitchen/gesture", '{"event_type": "wave", "person": 3}')
            home.see(frame(person(4)))  # who was addressed has gone without a word
            told(heard, "edge/kitchen/addressed", "OFF")
            for _ in range(50):
                home.see(frame(person(4)))  # nothing new: nothing said
            home.forget()  # the camera is muted, or lost
            told(heard, "edge/kitchen/presence", "OFF")
        told(heard, "edge/kitchen/status", "offline")
    assert [value for topic, value in heard.messages if topic.endswith("people")] == ["2", "1", "0"]


def test_a_broker_that_answers_at_once_is_told_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Client.loop_start

    def begin_and_dawdle(client: Client) -> MQTTErrorCode:
        begun = begin(client)
        time.sleep(0.5)
        return begun

    monkeypatch.setattr(Client, "loop_start", begin_and_dawdle)
    with (
        mosquitto(tmp_path) as port,
        listening(port, "edge/kitchen/#") as heard,
        closing(Home(settings(port))),
    ):
        told(heard, "edge/kitchen/status", "online")


def test_all_is_discovered(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, closing(Home(settings(port))) as home:
        end = time.monotonic() + 10
        while home.counts().get("sent", 0) < 6:
            assert time.monotonic() < end
            time.sleep(0.02)
        with listening(port, "homeassistant/#") as heard:  # later: it was retained
            found = {topic: json.loads(text) for topic, text in heard.wait(5)}
    kinds = {topic.split("/")[3]: topic.split("/")[1] for topic in found}
    assert kinds == {
        "presence": "binary_sensor", "people": "sensor", "speaking": "sensor",
        "addressed": "binary_sensor", "gesture": "event",
    }  # fmt: skip
    assert len({about["unique_id"] for about in found.values()}) == 5
    for about in found.values():
        assert about["availability_topic"] == "edge/kitchen/status"
        assert about["state_topic"].startswith("edge/kitchen/")
        assert about["device"]["identifiers"] == ["edge_kitchen"]
    assert "swipe_left" in found["homeassistant/event/kitchen/gesture/config"]["event_types"]


def test_what_happens_while_the_broker_is_away_is_kept_in_order_up_to_a_bound(
    tmp_path: Path,
) -> None:
    port, kept = free_port(), 10
    with closing(Home(settings(port, kept))) as home:
        for number in range(25):
            home.see(gesture(f"g{number}"))
        home.see(frame(person(1)))
        with mosquitto(tmp_path, port), listening(port, "edge/kitchen/#") as heard:
            told(heard, "edge/kitchen/presence", "ON", 40)
            until(lambda: sum("gesture" in t for t, _ in heard.messages) == kept)
            names = [json.loads(v)["event_type"] for t, v in heard.messages if "gesture" in t]
            assert names == [f"g{number}" for number in range(kept)]
            assert home.counts()["dropped"] == 25 - kept


def until(condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_daemon_tells_the_broker_and_outlives_it(start: Starts, tmp_path: Path) -> None:
    port = free_port()
    broker = f"home_assistant: {{name: kitchen, broker: {{host: 127.0.0.1, port: {port}}}}}\n"
    daemon = start(FACES + broker)
    daemon.running()
    daemon.until(lambda s: s["server"]["broker"]["connected"] == 0)
    for _ in range(2):
        with mosquitto(tmp_path, port), listening(port, "edge/kitchen/#") as heard:
            told(heard, "edge/kitchen/presence", "ON", 40)
            daemon.until(lambda s: s["server"]["broker"]["connected"] == 1)
        daemon.until(lambda s: s["server"]["broker"]["connected"] == 0)
        assert daemon.state()["engine"]["fps"] > 5

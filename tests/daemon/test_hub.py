"""Who is too slow loses frames, not events, and the newest is what is left."""

import asyncio
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.daemon.hub import EVENTS, FRAMES, Client, Hub
from edge.daemon.wire import Watch
from edge.people.results import Body, Face, FrameResult, Hand, Person


def frame(number: int) -> bytes:
    return msgspec.json.encode(FrameResult(frame=number, t=number / 30, size=[64, 48], people=[]))


def waiting(client: Client) -> list[str | bytes]:
    return asyncio.run(client.next())


def test_the_newest_frames_and_all_events_are_left_in_order() -> None:
    hub, client = Hub(), Client(Watch())
    hub.clients.add(client)
    for number in range(100):
        hub.line(frame(number))
        if number % 20 == 0:
            hub.line(b'{"type":"event","t":%d,"kind":"gesture"}' % number)
    left = [json.loads(line) for line in waiting(client)]
    frames = [line["frame"] for line in left if line["type"] == "frame"]
    assert frames == list(range(100 - FRAMES, 100))
    assert [line["t"] for line in left if line["type"] == "event"] == [0, 20, 40, 60, 80]
    assert client.dropped == {"frame": 100 - FRAMES}


@given(st.lists(st.sampled_from("fep"), max_size=2000))
def test_what_waits_is_bounded_and_all_is_accounted_for(kinds: list[str]) -> None:
    hub, client = Hub(), Client(Watch(picture=True))
    hub.clients.add(client)
    for kind in kinds:
        if kind == "p":
            hub.picture(b"jpeg")
        else:
            hub.line(frame(0) if kind == "f" else b'{"type":"event"}')
    client.state("{}")
    left = waiting(client)
    assert len(left) <= FRAMES + EVENTS + 2
    assert len(left) - 1 + client.dropped.total() == len(kinds)


def test_what_gone_clients_lost_stays_counted() -> None:
    hub, client = Hub(), Client(Watch())
    hub.clients.add(client)
    for number in range(FRAMES + 5):
        hub.line(frame(number))
    hub.leave(client)
    assert hub.dropped == {"frame": 5}


def test_landmarks_go_only_to_who_wants_them() -> None:
    box, points = [0.0, 0.0, 9.0, 9.0], [[1.0, 2.0, 3.0]]
    person = Person(
        id=1, box=box, score=1.0, fresh=True,
        face=Face(box=box, score=1.0, landmarks=points, yaw=3.0),
        hands=[Hand(box=box, score=1.0, side="left", landmarks=points)],
        body=Body(box=box, score=1.0, landmarks=points),
    )  # fmt: skip
    line = msgspec.json.encode(FrameResult(frame=0, t=0.0, size=[9, 9], people=[person]))
    hub, plain, rich = Hub(), Client(Watch()), Client(Watch(landmarks=True))
    hub.clients |= {plain, rich}
    assert hub.wants == Watch(landmarks=True)
    hub.line(line)
    assert waiting(rich) == [line.decode()]
    (shorter,) = waiting(plain)
    assert "landmarks" not in str(shorter)
    assert json.loads(shorter)["people"][0]["face"]["yaw"] == 3.0

"""The API of a daemon on the sample, over real sockets."""

import json
import os
import re
import signal
import struct
import time
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from edge.daemon.config import Mute
from edge.people.results import SCHEMA
from tests.daemon.conftest import Daemon, Starts, lines, until


def test_results_and_events_come_as_the_contract_has_them(daemon: Daemon) -> None:
    schema = json.loads(SCHEMA.read_text())
    with daemon.listen() as client:
        found = lines(client, 60)
    kinds = [line["type"] for line in found]
    assert kinds[0] == "state"  # what is so already is said first
    frames = [line for line in found if line["type"] == "frame"]
    assert len(frames) > 30
    for line in found:
        if line["type"] != "state":
            jsonschema.validate(line, schema)
    numbers = [frame["frame"] for frame in frames]
    assert numbers == sorted(set(numbers))
    assert any(frame["people"] for frame in frames)
    assert not any("landmarks" in p["face"] for f in frames for p in f["people"] if "face" in p)


def test_landmarks_and_pictures_come_to_who_asks_and_to_nobody_else(daemon: Daemon) -> None:
    with daemon.listen("?landmarks=1&picture=1") as client, daemon.listen() as plain:
        pictures: list[bytes] = []
        with_landmarks = 0
        end = time.monotonic() + 20
        while (len(pictures) < 5 or not with_landmarks) and time.monotonic() < end:
            message = client.recv(timeout=20)
            if isinstance(message, bytes):
                pictures.append(message)
            else:
                people = json.loads(message).get("people", [])
                with_landmarks += any("landmarks" in p.get("face", {}) for p in people)
        assert with_landmarks
        assert all("landmarks" not in json.dumps(line.get("people")) for line in lines(plain, 40))
    numbers = [struct.unpack(">I", picture[:4])[0] for picture in pictures]
    assert numbers == sorted(set(numbers))
    image = cv2.imdecode(np.frombuffer(pictures[0][4:], np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[1] == 960
    daemon.until(lambda s: "picture" not in s["engine"]["nodes"] or
                 s["engine"]["nodes"]["picture"]["ms"] < 0.2)  # fmt: skip


def test_the_budget_that_is_set_is_the_one_kept(daemon: Daemon) -> None:
    with daemon.listen() as client:
        status, state = daemon.ask("PUT", "/api/budget", {"latency_ms": 12})
        assert status == 200
        assert state["engine"]["budget"] == {"latency_ms": 12, "power_w": None}
        # What the governor says of its plan names the budget that it keeps.
        said = until(client, lambda line: "12 ms budget" in line.get("text", ""))
    assert said["kind"] == "budget"
    assert "every" in " ".join(said["plan"].values())
    daemon.ask("PUT", "/api/budget", {"latency_ms": 300})
    assert daemon.state()["engine"]["budget"]["latency_ms"] == 300


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/budget", {"latency_ms": -4}, "latency_ms"),
        ("/api/budget", {"latency": 4}, "latency"),
        ("/api/mute", {"camera": "yes"}, "camera"),
        ("/api/view", {"background": "beach"}, "background"),
        ("/api/view", b"{", "/api/view"),
        ("/api/view", b'{"\xff": 1}', "utf-8"),
        ("/api/view", b'{"boxes": ' + b"[" * 60_000, "/api/view"),
        ("/api/view", {"framing": True}, "no director"),
    ],
)
def test_what_cant_be_done_is_refused_and_why(
    daemon: Daemon, path: str, body: Any, said: str
) -> None:
    before = daemon.state()["engine"]
    status, answer = daemon.ask("PUT", path, body)
    assert status == 400
    assert said in answer["error"]
    after = daemon.state()["engine"]
    assert [after[k] for k in ("budget", "mute", "view")] == [
        before[k] for k in ("budget", "mute", "view")
    ]


def test_an_unknown_place_and_another_method_are_refused(daemon: Daemon) -> None:
    assert daemon.ask("GET", "/api/nothing")[0] == 404
    assert daemon.ask("DELETE", "/api/state")[0] == 405


def opened_by(pid: int) -> set[str]:
    return {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}


def test_a_muted_camera_is_closed(start: Starts) -> None:
    daemon = start()
    state = daemon.running()
    pid, sample = state["server"]["engine_pid"], state["engine"]["streams"]["camera"]["device"]
    assert sample in opened_by(pid)
    daemon.ask("PUT", "/api/mute", {"camera": True})
    assert sample not in opened_by(pid)
    state = daemon.until(lambda s: s["engine"]["fps"] == 0)
    assert state["engine"]["streams"]["camera"]["state"] == "muted"
    assert daemon.ask("GET", "/health") == (200, {"healthy": True})
    # Killed, its successor doesn't open what is muted.
    os.kill(pid, signal.SIGKILL)
    state = daemon.until(lambda s: s["engine"]["running"] and s["server"]["engine_pid"] != pid)
    assert state["engine"]["mute"] == {"camera": True, "microphone": False}
    assert sample not in opened_by(state["server"]["engine_pid"])
    daemon.ask("PUT", "/api/mute", {"camera": False})
    daemon.running()


def test_a_killed_engine_is_back(start: Starts) -> None:
    """Its process within 2 s: a graph of five models takes about one to load."""
    daemon = start()
    pid = daemon.running()["server"]["engine_pid"]
    with daemon.listen() as client:
        lines(client, 5)
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        while (line := lines(client, 1)[0])["type"] != "state" or line["server"][
            "engine_pid"
        ] == pid:
            pass
        while lines(client, 1)[0]["type"] != "frame":  # the same connection goes on
            pass
        print(f"results again after {time.monotonic() - killed:.2f} s")
    assert daemon.state()["server"]["restarts"] == 1
    assert any("started again" in line for line in daemon.log)


def test_who_doesnt_read_loses_frames_and_holds_nobody_up(daemon: Daemon) -> None:
    with daemon.listen("?picture=1&landmarks=1") as deaf, daemon.listen() as keen:
        deaf.recv(timeout=20)  # and never again
        begun = time.monotonic()
        frames = 0
        while time.monotonic() < begun + 8:
            frames += lines(keen, 1)[0]["type"] == "frame"
        assert frames > 60
        state = daemon.state()
    assert state["server"]["clients"] == 2
    daemon.until(lambda s: s["server"]["clients"] == 0)


def test_a_client_that_talks_nonsense_is_sent_away(daemon: Daemon) -> None:
    endless = '{"x": ' + "[" * 4000
    cases = (("{", "1007"), (endless, "1007"), (b"\0", "1003"), ("x" * 10_000, "1009"))
    for nonsense, code in cases:
        with daemon.listen() as client:
            client.send(nonsense)
            with pytest.raises(ConnectionClosed, match=code):
                until(client, lambda line: False)
    daemon.until(lambda s: s["server"]["clients"] == 0)


def test_the_api_describes_itself(daemon: Daemon) -> None:
    status, document = daemon.ask("GET", "/openapi.json")
    assert status == 200
    assert document["openapi"].startswith("3.1")
    for path in ("/api/state", "/api/budget", "/api/mute", "/api/view", "/api/live", "/metrics"):
        assert path in document["paths"]
    referred = set(re.findall(r'"#/components/schemas/([^"]*)"', json.dumps(document)))
    assert referred == set(document["components"]["schemas"])
    _, state = daemon.ask("GET", "/api/state")
    jsonschema.validate(state, {**document["components"]["schemas"]["State"], **document})
    mute = document["components"]["schemas"]["Mute"]["properties"]
    assert set(mute) == set(Mute.__struct_fields__)


def test_prometheus_can_read_the_metrics(daemon: Daemon) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    status, text = daemon.ask("GET", "/metrics")
    assert status == 200
    found = {family.name: family for family in text_string_to_metric_families(text.decode())}
    assert found["edge_engine_up"].samples[0].value == 1
    assert found["edge_frames"].samples[0].value > 0
    assert {s.labels["quantile"] for s in found["edge_latency_seconds"].samples} == {"0.5", "0.95"}
    assert all(family.documentation for family in found.values())


def test_the_trace_is_of_the_last_second_and_made_only_while_somebody_looks(
    daemon: Daemon,
) -> None:
    assert daemon.state()["engine"]["trace"] == []
    with daemon.listen("?trace=1") as client:
        end = time.monotonic() + 20
        spans: list[Any] = []
        while len({span[0] for span in spans}) < 3 and time.monotonic() < end:
            line = lines(client, 1)[0]
            spans = line["engine"]["trace"] if line["type"] == "state" else spans
        _, trace = daemon.ask("GET", "/api/trace")
    begins = [span[1] for span in spans]
    assert 0 < max(begins) - min(begins) <= 1_000_000
    assert {event["ph"] for event in trace["traceEvents"]} == {"X"}


def test_a_daemon_stops_cleanly(start: Starts) -> None:
    daemon = start()
    daemon.running()
    pid = daemon.state()["server"]["engine_pid"]
    with daemon.listen():
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 6
    assert not Path(f"/proc/{pid}").exists()


def test_a_dead_server_leaves_no_engine_behind(start: Starts) -> None:
    daemon = start()
    pid = daemon.running()["server"]["engine_pid"]
    daemon.process.kill()
    daemon.process.wait()
    end = time.monotonic() + 10
    while (
        Path(f"/proc/{pid}").exists()
        and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    ):
        assert time.monotonic() < end
        time.sleep(0.05)

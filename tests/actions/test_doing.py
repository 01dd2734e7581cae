"""Actions, for real: a program, a server on loopback, Mosquitto."""

import http.server
import json
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.actions.doing import WAITING, Doing
from edge.actions.table import Action, Broker, Message, Rule, Table
from edge.errors import UserError
from tests.brokers import free_port, listening, mosquitto

EVENT = {"type": "event", "t": 1.5, "kind": "gesture", "person": 2, "name": "stop", "score": 0.8}


def table(*actions: Action, broker: Broker | None = None) -> Table:
    return Table(rules=[Rule(on="gesture", do=list(actions))], broker=broker or Broker())


def test_a_command_gets_the_event_and_no_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())"
    action = Action(command=[sys.executable, "-c", program, str(out), "{name} $(id) {nothing}"])
    with closing(Doing(table(action))) as doing:
        doing.act(action, EVENT)
    text = out.read_text()
    assert text.startswith("stop $(id) {")
    assert json.loads(text.removeprefix("stop $(id) ")) == EVENT
    assert doing.counts == {"done": 1}


def test_what_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    actions = [
        Action(command=["/no/such/program"]),
        Action(command=[sys.executable, "-c", "raise SystemExit(3)"]),
        Action(webhook=f"http://127.0.0.1:{free_port()}/"),
        Action(command=[sys.executable, "-c", ""]),
    ]
    with closing(Doing(table(*actions))) as doing:
        for action in actions:
            doing.act(action, EVENT)
    assert doing.counts == {"failed": 3, "done": 1}
    assert "an action failed" in caplog.text


def test_what_cant_wait_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.actions.doing.CLOSING_S", 0.2)
    slow = Action(command=[sys.executable, "-c", "import time; time.sleep(0.5)"])
    with closing(Doing(table(slow))) as doing:
        for _ in range(WAITING + 20):
            doing.act(slow, EVENT)
    assert doing.counts["dropped"] in (18, 19, 20)
    assert doing.counts["left"] > 90


def test_an_event_is_posted_to_a_webhook() -> None:
    posted: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        action = Action(webhook=f"http://127.0.0.1:{server.server_port}/edge")
        with closing(Doing(table(action))) as doing:
            doing.act(action, EVENT)
        server.shutdown()
        thread.join()
    assert posted == [EVENT]


def test_messages_reach_the_broker(tmp_path: Path) -> None:
    actions = [
        Action(mqtt=Message(topic="home/{name}", payload='{"on": "{person}"}')),
        Action(mqtt=Message(topic="home/event", retain=True)),
    ]
    with mosquitto(tmp_path) as port, listening(port, "home/+") as heard:
        with closing(Doing(table(*actions, broker=Broker(host="127.0.0.1", port=port)))) as doing:
            for action in actions:
                doing.act(action, EVENT)
        found = dict(heard.wait(2))
    assert found["home/stop"] == '{"on": "2"}'
    assert json.loads(found["home/event"]) == EVENT


def test_messages_wait_for_the_broker(tmp_path: Path) -> None:
    action, port = Action(mqtt=Message(topic="late", payload="{t}", retain=True)), free_port()
    with closing(Doing(table(action, broker=Broker(host="127.0.0.1", port=port)))) as doing:
        doing.act(action, EVENT)
        time.sleep(0.5)
        with mosquitto(tmp_path, port), listening(port, "late") as heard:
            assert heard.wait(1) == [("late", "1.5")]


def test_without_a_broker_the_rest_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    actions = [Action(mqtt=Message(topic="a")), Action(command=[sys.executable, "-c", ""])]
    nowhere = Broker(host="127.0.0.1", port=free_port())
    with closing(Doing(table(*actions, broker=nowhere))) as doing:
        for action in actions:
            doing.act(action, EVENT)
    assert doing.counts == {"done": 2}
    assert "the broker wasn't reached" in caplog.text


def test_a_password_that_isnt_there_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_TEST_PASSWORD", raising=False)
    broker = Broker(user="edge", password_variable="EDGE_TEST_PASSWORD")
    with pytest.raises(UserError, match="EDGE_TEST_PASSWORD"):
        Doing(table(Action(mqtt=Message(topic="a")), broker=broker))

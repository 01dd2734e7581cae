"""Settings: what is wrong is named with its line, and doesn't take a running daemon down."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.daemon.config import Config, needs_new_graph, needs_restart, read
from edge.errors import UserError
from edge.paths import resource
from tests.daemon.conftest import FACES, Starts


def test_the_shipped_settings_name_every_key_and_are_the_defaults() -> None:
    path = resource("config.yaml")
    config = read(path).config
    assert msgspec.structs.replace(config, budget=None) == Config()
    text = path.read_text()
    for field in Config.__struct_fields__:
        assert f"\n{field}:" in text
    for part in (Config().server, Config().picture, Config().mute, Config().view, Config().log):
        assert all(f"{field}:" in text for field in part.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "graph: faces\nsorce: 0\n",
            r"config.yaml:2: sorce: unknown option 'sorce'; did you mean 'source'",
        ),
        ("server:\n  prt: 1\n", r"config.yaml:2: .*unknown option 'prt'; did you mean 'port'"),
        ("server:\n  host: a\n  port: 99999\n", r"config.yaml:3: server.port: "),
        ("budget: {latency_ms: fast}\n", r"config.yaml:1: budget.latency_ms: expected"),
        ("view:\n  background: beach\n", r"config.yaml:2: view.background: invalid"),
        ("graph: [a\n", r"config.yaml:2: not valid YAML"),
        ("graph: a\ngraph: b\n", r"config.yaml:2: 'graph' stands twice"),
        ("server: {certificate: a.pem}\n", r"config.yaml:1: server: certificate and key"),
        ("rules: none.yaml\n", r"config.yaml:1: rules: can't read the rule table .*none.yaml"),
        ("home_assistant: {name: My Home}\n", r"config.yaml:1: home_assistant.name"),
        ("- a\n", r"config.yaml:1: the config: expected"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=said):
        read(tmp_path / "config.yaml")


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("# nothing\n")
    assert read(tmp_path / "config.yaml").config == Config()


@given(st.text(max_size=300))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory: object, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.yaml"  # type: ignore[attr-defined]
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        read(path)
    except UserError as error:
        assert str(path) in str(error)  # noqa: PT017


def test_what_a_change_needs_is_known() -> None:
    old = Config()
    view = msgspec.structs.replace(old, view=msgspec.structs.replace(old.view, boxes=False))
    assert not needs_new_graph(old, view)
    assert not needs_restart(old, view)
    assert needs_new_graph(old, msgspec.structs.replace(old, source=1))
    port = msgspec.structs.replace(old.server, port=1)
    assert needs_restart(old, msgspec.structs.replace(old, server=port)) == ["server.port"]


def write(path: Path, text: str) -> None:
    """Write as editors do: another file takes the name."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_running_daemon_follows_its_settings_but_not_wrong_ones(start: Starts) -> None:
    daemon = start(FACES + "view: {boxes: true}\n", "--source", "samples/astronaut.mp4")
    pid = daemon.running()["server"]["engine_pid"]

    write(daemon.config, FACES + "view: {boxes: false}\nbudget: {latency_ms: 55}\n")
    time.sleep(1.5)  # 'budget' stands twice: refused, and said
    state = daemon.until(lambda s: s["server"]["config_error"])
    assert "config.yaml:4: 'budget' stands twice" in state["server"]["config_error"]
    assert state["engine"]["view"]["boxes"]
    assert any("'budget' stands twice" in line for line in daemon.log)

    write(daemon.config, "graph: faces\nview: {boxes: false}\nbudget: {latency_ms: 55}\n")
    state = daemon.until(lambda s: not s["server"]["config_error"])
    state = daemon.until(lambda s: not s["engine"]["view"]["boxes"])
    assert state["engine"]["budget"]["latency_ms"] == 55
    assert state["server"]["engine_pid"] == pid

    write(daemon.config, "graph: hands\nserver: {clients: 3}\n")  # another graph, the same engine
    state = daemon.until(lambda s: s["engine"]["running"] and s["engine"]["graph"] == "hands")
    assert state["server"]["engine_pid"] == pid
    assert state["server"]["restart_for"] == ["server.clients"]
    assert "astronaut" in state["engine"]["streams"]["camera"]["device"]  # --source holds

    write(daemon.config, "graph: no_such\n")  # the graph can't be had: that is said, and tried
    daemon.until(lambda s: "there is no graph 'no_such'" in s["engine"]["error"])
    write(daemon.config, FACES)
    daemon.running()


def test_a_password_that_isnt_there_is_one_line_and_leaves_the_old_settings(start: Starts) -> None:
    home = "home_assistant: {broker: {user: me, password_variable: EDGE_NO_PASSWORD}}\n"
    daemon = start()
    daemon.running()
    write(daemon.config, FACES + home)
    state = daemon.until(lambda s: s["server"]["config_error"])
    assert "EDGE_NO_PASSWORD" in state["server"]["config_error"]
    assert state["engine"]["running"]
    write(daemon.config, FACES)
    daemon.until(lambda s: not s["server"]["config_error"])


def test_without_its_libraries_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['uvicorn'] = None; from edge.cli import main; main()"
    command = [sys.executable, "-c", program, "daemon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "the page needs uvicorn: pip install 'edge-perception[daemon]'" in done.stderr


def test_a_hangup_has_the_settings_read_again(start: Starts) -> None:
    daemon = start()
    daemon.running()
    daemon.process.send_signal(signal.SIGHUP)  # as `systemctl reload edge` does
    end = time.monotonic() + 10
    while not any("follows" in line for line in daemon.log):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert daemon.state()["engine"]["running"]

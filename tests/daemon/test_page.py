"""The page in a real browser: what a user sees, and what their clicks and keys do."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from tests.brokers import free_port
from tests.daemon.conftest import FACES, Daemon, Starts, shared, started

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip
SLOW_MS = 40_000
"""A browser without a graphics card, a graph and a test share two cores."""
expect.set_options(timeout=SLOW_MS)
SAMPLE = "graph: faces\nbudget: {latency_ms: 300}\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    yield from shared(tmp_path_factory.mktemp("page"), SAMPLE)


Opens = Callable[..., Page]
Between = Callable[[WebSocketRoute], None]


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Opens]:
    """Opens a daemon's page; fails where it complains in the console."""
    complaints: list[str] = []
    pages: list[Page] = []

    def begin(
        daemon: Daemon, size: tuple[int, int] = (1280, 900), between: Between | None = None
    ) -> Page:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(SLOW_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text)
                if said.type == "error" and "ERR_CONNECTION" not in said.text
                and "WebSocket" not in said.text and "401" not in said.text
                and "403" not in said.text else None)  # fmt: skip
        if between is not None:
            page.route_web_socket("**/api/live*", between)
        page.goto(f"http://127.0.0.1:{daemon.port}/")
        pages.append(page)
        return page

    yield begin
    for number, shown in enumerate(pages):
        shown.screenshot(path=tmp_path / f"page-{number}.png", full_page=True)
        shown.close()
    assert not complaints


def shown(page: Page) -> np.ndarray:
    """Return the live picture as it stands on the canvas, some of its pixels."""
    data = page.evaluate(
        "() => { const c = document.getElementById('picture');"
        "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        ".filter((_, i) => i % 97 === 0); }"
    )
    return np.array(data)


def changed(page: Page, before: np.ndarray) -> np.ndarray:
    """Return the live picture once it isn't that any more."""
    end = time.monotonic() + SLOW_MS / 1000
    while np.array_equal(now := shown(page), before):
        assert time.monotonic() < end, "the picture stands still"
        page.wait_for_timeout(100)
    return now


def test_people_appear_in_the_picture_and_as_cards(sample: Daemon, page: Opens) -> None:
    opened = page(sample)
    expect(opened.locator("#status")).to_have_text("live")
    expect(opened.locator("#people li").first).to_be_visible()
    assert "person" in opened.locator("#people li b").first.inner_text()
    blank = shown(opened)
    first = changed(opened, blank)
    assert first.std() > 20  # a picture of something
    changed(opened, first)  # it moves
    expect(opened.locator("#events li[data-kind=person_entered]").first).to_be_visible()
    expect(opened.locator("#health")).to_contain_text("live: astronaut.mp4")


def test_the_dial_moves_the_real_budget(sample: Daemon, page: Opens) -> None:
    opened = page(sample)
    expect(opened.locator("#status")).to_have_text("live")
    opened.locator("#latency").fill("10")
    expect(opened.locator("#plan li").first).to_be_visible()
    expect(opened.locator("#plan")).to_contain_text("every")
    sample.until(lambda s: s["engine"]["budget"]["latency_ms"] == 10 and s["engine"]["plan"])
    opened.locator("#latency").fill("200")  # all the way: whatever it takes
    expect(opened.locator("#latency-set")).to_have_text("any")
    sample.until(lambda s: s["engine"]["budget"]["latency_ms"] is None)


def until_view(daemon: Daemon, option: str, value: bool) -> None:
    daemon.until(lambda state: state["engine"]["view"][option] is value)


def test_a_key_for_each_feature(sample: Daemon, page: Opens) -> None:
    opened = page(sample)
    expect(opened.locator("#status")).to_have_text("live")
    for key, option in (("b", "boxes"), ("l", "landmarks"), ("g", "gaze")):
        opened.keyboard.press(key)
        until_view(sample, option, False)
        expect(opened.locator(f"[data-view={option}]")).to_have_attribute("aria-pressed", "false")
        opened.keyboard.press(key)
        until_view(sample, option, True)
    # The graph `faces` has neither silhouettes nor a director: their buttons say so.
    for name in ("[data-view=framing]", "[data-background=blur]"):
        expect(opened.locator(name)).to_be_disabled()
    opened.keyboard.press("t")
    expect(opened.locator("#trace")).to_be_visible()
    sample.until(lambda s: s["engine"]["trace"])
    opened.keyboard.press("t")
    sample.until(lambda s: not s["engine"]["trace"])


def test_keys_typed_fast_and_early_all_count(sample: Daemon, page: Opens) -> None:
    opened = page(sample)  # most are typed before the first state has come
    answered: list[int] = []
    opened.on("response", lambda answer: answered.append(answer.status)
              if answer.request.method == "PUT" else None)  # fmt: skip
    for keys, value in (("blgblgblg", False), ("blg", True)):
        before = len(answered)
        for key in keys:
            opened.keyboard.press(key)
        while len(answered) < before + len(keys):
            opened.wait_for_timeout(50)
        view = sample.state()["engine"]["view"]
        assert {view[option] for option in ("boxes", "landmarks", "gaze")} == {value}
    assert answered == [200] * 12


def test_a_state_that_comes_late_undoes_nothing(sample: Daemon, page: Opens) -> None:
    states: list[str] = []
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        def hear(message: str | bytes) -> None:
            if isinstance(message, str) and json.loads(message)["type"] == "state":
                states.append(message)
            if len(states) < 2:  # the page hears of one state only
                socket.send(message)

        sockets.append(socket)
        socket.connect_to_server().on_message(hear)

    opened = page(sample, between=between)
    expect(opened.locator("#health")).to_contain_text("live")
    boxes = opened.locator("[data-view=boxes]")
    opened.keyboard.press("b")
    expect(boxes).to_have_attribute("aria-pressed", "false")
    assert json.loads(states[0])["engine"]["view"]["boxes"]
    sockets[0].send(states[0])
    sockets[0].send(json.dumps({"type": "event", "kind": "all_of_that_is_read"}))
    expect(opened.locator("#events li[data-kind=all_of_that_is_read]")).to_be_visible()
    expect(boxes).to_have_attribute("aria-pressed", "false", timeout=1)
    opened.keyboard.press("b")
    until_view(sample, "boxes", True)


def test_mute_closes_the_device(sample: Daemon, page: Opens) -> None:
    opened = page(sample)
    expect(opened.locator("#status")).to_have_text("live")
    state = sample.running()
    clip = state["engine"]["streams"]["camera"]["device"]
    fds = Path(f"/proc/{state['server']['engine_pid']}/fd")

    def is_open() -> bool:
        return clip in {os.readlink(link) for link in fds.iterdir() if link.is_symlink()}

    assert is_open()
    opened.locator("#mute-camera").click()
    expect(opened.locator("#mute-camera")).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#health")).to_contain_text("muted")
    assert not is_open()
    expect(opened.locator("#people li")).to_have_count(0)  # nor is who was there shown any more
    expect(opened.locator("#notice")).to_have_text("The camera is muted.")
    assert not shown(opened).any()
    opened.keyboard.press("c")
    expect(opened.locator("#mute-camera")).to_have_attribute("aria-pressed", "false")
    expect(opened.locator("#health")).to_contain_text("live: astronaut.mp4")
    assert is_open()


def test_the_page_comes_back_with_the_daemon(tmp_path: Path, page: Opens) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"{SAMPLE}server: {{port: {free_port()}}}\n")
    command = ["--port", config.read_text().split("port: ")[1].split("}")[0]]
    with started(config, *command) as daemon:
        opened = page(daemon)
        expect(opened.locator("#people li").first).to_be_visible()
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
        expect(opened.locator("#status")).to_contain_text("lost")
    with started(config, *command):
        expect(opened.locator("#status")).to_have_text("live")
        expect(opened.locator("#people li").first).to_be_visible()


def test_on_a_phone_nothing_sticks_out(sample: Daemon, page: Opens) -> None:
    opened = page(sample, (390, 800))
    expect(opened.locator("#status")).to_have_text("live")
    assert opened.evaluate("() => document.documentElement.scrollWidth") <= 390
    heights = opened.locator("button:visible").evaluate_all(
        "buttons => buttons.map((b) => b.getBoundingClientRect().height)"
    )
    assert min(heights) >= 36  # a thumb's


def test_all_can_be_reached_with_the_keyboard_and_has_a_name(sample: Daemon, page: Opens) -> None:
    opened = page(sample)
    expect(opened.locator("#status")).to_have_text("live")
    reached = set()
    for _ in range(20):
        opened.keyboard.press("Tab")
        reached.add(opened.evaluate("() => document.activeElement.id || "
                                    "document.activeElement.dataset.view || "
                                    "document.activeElement.tagName"))  # fmt: skip
    assert {"mute-camera", "mute-microphone", "boxes", "latency", "power", "events"} <= reached
    unnamed = opened.evaluate(
        "() => [...document.querySelectorAll('button, input:not([hidden]), canvas, meter')]"
        ".filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"
    )
    assert unnamed == 0


def test_a_locked_page_asks_for_the_token(start: Starts, page: Opens) -> None:
    token = "a token of enough characters"
    daemon = start(FACES, EDGE_TOKEN=token)
    opened = page(daemon)
    opened.locator("#token").fill("something else")
    opened.locator("#login button").click()
    expect(opened.locator("#login-error")).to_contain_text("isn't the token")
    opened.locator("#token").fill(token)
    opened.locator("#login button").click()
    expect(opened.locator("#status")).to_have_text("live")
    expect(opened.locator("#people li").first).to_be_visible()
    expect(opened.locator("#login")).to_be_hidden()


def test_a_gesture_is_told_as_it_happens(data: Path, start: Starts, page: Opens) -> None:
    clip = data / "gestures/clips/swipe2_left_right.gif"
    daemon = start("graph: gestures\nmirrored: true\nbudget: {latency_ms: 500}\n",
                   "--source", str(clip))  # fmt: skip
    opened = page(daemon)
    gesture = opened.locator("#events li[data-kind=gesture]").first
    expect(gesture).to_contain_text("swipe", timeout=2 * SLOW_MS)


def test_dead_processes_are_told_of(start: Starts, page: Opens) -> None:
    daemon = start(SAMPLE)
    opened = page(daemon)
    expect(opened.locator("#people li").first).to_be_visible()
    subprocess.run(["kill", "-9", str(daemon.state()["server"]["engine_pid"])], check=True)
    expect(opened.locator("#health")).to_contain_text("started again 1 times")
    expect(opened.locator("#status")).to_have_text("live")

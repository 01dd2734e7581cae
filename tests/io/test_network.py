"""Streams from real servers on this machine."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import UserError
from edge.io.camera import Camera
from edge.io.containers import is_stream, without_secret
from edge.io.microphone import Microphone
from tests.rtsp import RtspServer

PATIENCE_S = 30.0


class MotionJpeg(http.server.BaseHTTPRequestHandler):
    """What a network camera speaks: JPEGs, one after the other, for as long as one listens."""

    ending: threading.Event

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        level = 0
        while not self.ending.is_set():
            level = (level + 10) % 250
            picture = np.full((48, 64, 3), level, np.uint8)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            part = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(part.encode() + jpeg + b"\r\n")
            except OSError:
                return
            if self.ending.wait(0.02):
                return

    def log_message(self, *args):
        pass


class Server:
    def __init__(self, port=0):
        self.ending = threading.Event()
        handler = type("Handler", (MotionJpeg,), {"ending": self.ending})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.http.daemon_threads = False
        self.port = self.http.server_port
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        self.ending.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    made = [Server()]
    yield made
    made[-1].stop()


def wait_for(condition):
    patience = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_motion_jpeg_is_read_lost_and_read_again(server, context, events):
    port = server[0].port
    camera = Camera(Camera.Settings(device=f"http://user:secret@127.0.0.1:{port}/video"))
    camera.open(context)
    assert camera.live
    frames: list[Any] = []
    thread = threading.Thread(target=lambda: frames.extend(p.value for p in camera.packets()))
    thread.start()
    try:
        wait_for(lambda: len(frames) > 5)
        server[0].stop()
        wait_for(lambda: events.states == ["lost"])
        before = len(frames)
        server.append(Server(port))
        wait_for(lambda: events.states == ["lost", "back"])
        wait_for(lambda: len(frames) > before + 5)
    finally:
        camera.close()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times = [frame.t for frame in frames]
    assert times == sorted(times)
    assert frames[0].size == (64, 48)
    assert len({int(frame.bgr[0, 0, 0]) for frame in frames}) > 3
    assert not any("secret" in event["reason"] for event in events)


def test_a_server_that_goes_silent_is_noticed_and_closing_does_not_wait_for_it(context, events):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        jpeg = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
        ending = threading.Event()

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                kind = b"multipart/x-mixed-replace; boundary=frame"
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n")
                part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
                for _ in range(40):
                    connection.sendall(part % len(jpeg) + jpeg + b"\r\n")
                    time.sleep(0.03)
                ending.wait(PATIENCE_S)

        server = threading.Thread(target=serve)
        server.start()
        camera = Camera(Camera.Settings(device=f"http://127.0.0.1:{listening.getsockname()[1]}/"))
        camera.open(context)
        frames: list[Any] = []
        reading = threading.Thread(target=lambda: frames.extend(camera.packets()))
        reading.start()
        wait_for(lambda: events.states == ["lost"])
        started = time.monotonic()
        camera.close()
        reading.join(PATIENCE_S)
        assert time.monotonic() - started < 2.0
        ending.set()
        server.join()
    assert frames


def test_an_unreachable_stream_is_an_error_that_keeps_the_password(context):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for scheme in ("rtsp", "http"):
        camera = Camera(Camera.Settings(device=f"{scheme}://user:secret@127.0.0.1:{port}/x"))
        with pytest.raises(UserError, match=r"Connection refused.*check the address") as caught:
            camera.open(context)
        assert "secret" not in str(caught.value)


def test_an_address_of_a_file_is_a_file():
    assert not is_stream("https://example.org/clips/one.MP4?token=1")
    assert is_stream("http://example.org/video.cgi")
    assert is_stream("rtsp://example.org/one.mp4")
    assert without_secret("rtsp://me:pw@host:554/a") == "rtsp://host:554/a"


def test_a_clip_is_played_from_a_web_server(clip, tmp_path, context):
    clip("clip.mp4")
    handler = type(
        "Quiet",
        (http.server.SimpleHTTPRequestHandler,),
        {"log_message": lambda *a: None},
    )
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *a: handler(*a, directory=str(tmp_path))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        camera = Camera(Camera.Settings(device=f"http://127.0.0.1:{server.server_port}/clip.mp4"))
        camera.open(context)
        assert not camera.live
        assert [packet.t for packet in camera.packets()] == [40_000 * i for i in range(30)]
        camera.close()
        server.shutdown()
        thread.join()


RTSP = (
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
    " ! jpegenc ! rtpjpegpay name=pay0"
    " audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc"
    " ! rtppcmapay name=pay1 )"
)


@pytest.fixture
def rtsp_server() -> Iterator[RtspServer]:
    server = RtspServer(RTSP)
    yield server
    server.kill()


def test_rtsp_is_read_lost_and_read_again_with_its_sound(rtsp_server, context, events):
    rtsp_server.start()
    url = rtsp_server.address
    camera, microphone = (
        Camera(Camera.Settings(device=url)),
        Microphone(Microphone.Settings(device=url)),
    )
    camera.open(context)
    microphone.open(context)
    frames: list[Any] = []
    sounds: list[Any] = []
    threads = [
        threading.Thread(target=lambda: frames.extend(camera.packets())),
        threading.Thread(target=lambda: sounds.extend(microphone.packets())),
    ]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(frames) > 10 and len(sounds) > 20)
        rtsp_server.kill()
        wait_for(lambda: events.states.count("lost") == 2)
        rtsp_server.start()
        wait_for(lambda: events.states.count("back") == 2)
    finally:
        camera.close()
        microphone.close()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert frames[0].value.size == (320, 240)
    assert sounds[0].value.samples.shape == (320, 1)
    assert np.abs(sounds[5].value.samples).max() > 1000

"""A network camera and a network microphone, of a clip."""

import contextlib
import http.server
import itertools
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np


class Live:
    """A clip as a network camera and a network microphone have it, over and over: whoever connects
    gets what is shown and heard now, the picture as JPEGs, the sound as a WAV without an end.

    Once it is `deaf`, there is no sound.
    """

    def __init__(self, clip: Path) -> None:
        with av.open(str(clip)) as file:
            self.jpegs = [
                cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))[1].tobytes()
                for frame in file.decode(video=0)
            ]
        with av.open(str(clip)) as file:
            heard = file.decode(audio=0) if file.streams.audio else ()
            sound = [frame.to_ndarray().ravel() for frame in heard]
        self.samples = np.concatenate(sound or [np.zeros(320)]).astype("<i2")
        self.deaf = threading.Event()
        self.begin = time.monotonic()
        self.ending = threading.Event()
        live = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with contextlib.suppress(OSError):  # whoever listened has gone
                    (live.picture if self.path == "/picture" else live.sound)(self)

            def log_message(self, *args: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = False
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()
        self.picture_url = f"http://127.0.0.1:{self.http.server_port}/picture"
        self.sound_url = f"http://127.0.0.1:{self.http.server_port}/sound"

    def picture(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for index in self.due(1 / 25):
            jpeg = self.jpegs[index % len(self.jpegs)]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            request.wfile.write(head.encode() + jpeg + b"\r\n")

    def sound(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "audio/x-wav")
        request.end_headers()
        riff = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0xFFFFFFFF, b"WAVEfmt ", 16, 1, 1, 16_000,
                           32_000, 2, 16, b"data", 0xFFFFFFFF)  # fmt: skip
        request.wfile.write(riff)
        chunks = self.samples[: len(self.samples) // 320 * 320].reshape(-1, 320)
        for index in self.due(0.02):
            if self.deaf.is_set():
                return
            request.wfile.write(chunks[index % len(chunks)].tobytes())

    def due(self, seconds: float) -> Iterator[int]:
        """Yield each number when its time has passed, from now on."""
        for index in itertools.count(int((time.monotonic() - self.begin) / seconds)):
            if self.ending.wait(max(0.0, self.begin + (index + 1) * seconds - time.monotonic())):
                return
            yield index

    def stop(self) -> None:
        self.ending.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

"""Opening what FFmpeg reads, with errors that a user can act on."""

import contextlib
import re
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from edge.errors import UserError, nearest

URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
FILE_SUFFIX = re.compile(r"\.(avi|gif|m4a|m4v|mkv|mov|mp3|mp4|mpe?g|ogg|wav|webm)", re.IGNORECASE)
SECRET = re.compile(r"(?<=://)[^/@]+@")


def is_url(name: str) -> bool:
    return URL.match(name) is not None


def is_device(source: str) -> bool:
    """True for a camera at this machine: an index or a device file."""
    return source.isdigit() or source.startswith("/dev/")


def is_stream(name: str) -> bool:
    """True for an address, unless it is that of a file, to be processed whole."""
    address = urlsplit(name)
    is_file = FILE_SUFFIX.fullmatch(Path(address.path).suffix)
    return is_url(name) and not (address.scheme.startswith("http") and is_file)


def without_secret(name: str) -> str:
    """The address without its user and password, for messages and recordings."""
    return SECRET.sub("", name)


def existing_file(name: str) -> Path:
    """Raises UserError where there is no such file, it is empty or it may not be read."""
    path = Path(name)
    try:
        path.stat()
        if path.is_file() and not _head(path):
            raise UserError(f"{name} is empty (0 bytes): copy or record it again")
    except FileNotFoundError:
        siblings = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = nearest(path.name, siblings) if len(siblings) < 1000 else ""
        raise UserError(f"no such file: {name}{hint if hint.startswith('; did') else ''}") from None
    except OSError as error:
        raise UserError(f"can't read {name}: {error.strerror}") from None
    return path


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def open_file(name: str) -> InputContainer:
    """Open a media file, or one behind an address. Raises UserError where it isn't one."""
    path = existing_file(name) if not is_url(name) else None
    try:
        return av.open(f"file:{path}" if path else name)
    except (av.FFmpegError, OSError) as error:
        if path and path.is_file() and b"ftyp" in _head(path):
            raise UserError(
                f"{name} is an MP4 without its index: it was cut off while it was written or "
                "copied, fetch it again"
            ) from None
        raise UserError(
            f"{without_secret(name)} can't be read as video, sound or image "
            f"({error.strerror or error}): is it the right file?"
        ) from None


class Timeline:
    """Turns a stream's timestamps into µs from the start of its file, one zero for all streams.

    A frame without a timestamp follows the one before it at the stream's rate.
    """

    def __init__(self, container: InputContainer, seconds_per_frame: Fraction) -> None:
        self._start = container.start_time or 0
        self._step = round(seconds_per_frame * av.time_base)
        self._next = 0

    def t(self, frame: av.VideoFrame | av.AudioFrame) -> int:
        if frame.pts is not None and frame.time_base:
            self._next = round(frame.pts * frame.time_base * av.time_base) - self._start
        t = self._next
        self._next += self._step
        return t


class Decoder:
    """The decoded frames of one stream, at the caller's pace; `close` is safe from any thread.

    `damaged`: packets that couldn't be decoded, and were left out. `fault`: why reading ended
    before its time, else empty.
    """

    def __init__(self, container: InputContainer, stream: av.VideoStream | av.AudioStream) -> None:
        self.damaged = 0
        self.fault = ""
        self.closed = False
        self._container = container
        self._packets = container.demux(stream)
        self._lock = threading.Lock()

    def frames(self) -> Iterator[Any]:
        while True:
            with self._lock:
                decoded = None if self.closed else self._decode_next()
            if decoded is None:
                return
            yield from decoded

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self._container.close()

    def _decode_next(self) -> list[Any] | None:
        """The frames that one more packet completes, None where no more packets come."""
        try:
            packet = next(self._packets, None)
        except av.FFmpegError as error:
            self.fault = error.strerror or str(error)
            return None
        if packet is None:
            return None
        if not packet.is_corrupt:  # that is, half of it is missing
            with contextlib.suppress(av.InvalidDataError):
                return packet.decode()
        self.damaged += 1
        return []

"""Conversations put together from clips of talkers, as videos: who speaks is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.conversation.scenes import IDLE, TURNS, bridged
from calibration.conversation.talkers import TICK_SAMPLES, TICKS, talker
from calibration.samples.sources import data_folder
from calibration.samples.voices import music

FPS, RATE = 25, 16_000
SIZE = (1280, 720)
Pictures = NDArray[Any]
KINDS = ("listen", "still", "lips", "foreign", "shifted", "music", "noise")


class Clip(NamedTuple):
    """`tiles`: each person's x, y, width, height. `truth` (people, frames): who is heard."""

    path: Path
    tiles: list[tuple[int, int, int, int]]
    truth: NDArray[np.bool_]


class Look(NamedTuple):
    """What is done to each person's picture before it's put in its place."""

    width: int = 0
    """Of a talker's picture (360 pixels wide, the face 100), pixels; 0: as large as its place."""
    hidden: bool = False
    """A mouth half covered, as by a cup or a microphone."""
    turned: float = 0.0
    """Squeezed to so much less of its width: what turning the head does to the mouth's place."""
    fps: int = FPS


AS_IT_IS = Look()


def frames(name: str) -> list[Pictures]:
    with av.open(str(data_folder() / "talkers" / f"{name}.mpg")) as file:
        return [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)][:TICKS]


def places(count: int) -> list[tuple[int, int, int, int]]:
    """Return where so many pictures of 5:4 lie side by side, or two by two."""
    if count <= 2:
        return [(640 * i, 104, 640, 512) for i in range(count)]
    return [(190 + 450 * (i % 2), 360 * (i // 2), 450, 360) for i in range(count)]


def compose(
    path: Path,
    kind: str,
    names: list[str],
    others: list[str],
    draw: np.random.Generator,
    look: Look = AS_IT_IS,
) -> Clip:
    """Write a video of `names` in turns of 3 s, and say who is heard when.

    `kind`: as in `calibration.conversation.scenes`; "noise": loud, without any voice.
    """
    pictures = {name: frames(name) for name in names}
    tiles = places(len(names))
    truth = np.zeros((len(names), TURNS * TICKS), bool)
    shown: list[list[Pictures]] = [[] for _ in names]
    sound = []
    for turn in range(TURNS):
        who = int(draw.integers(len(names)))
        heard = talker(others[draw.integers(len(others))] if kind == "foreign" else names[who])
        samples = heard.sound
        if kind == "shifted":
            samples = np.roll(samples, int(draw.integers(13, 50)) * TICK_SAMPLES)
        elif kind == "music":
            samples = music(np.arange(len(samples)) / RATE, draw)
        elif kind == "noise":
            samples = draw.normal(0, 0.1, len(samples)).astype(np.float32)
        sound.append(samples)
        for index, name in enumerate(names):
            own = index == who and kind in ("listen", "still", "lips", "shifted")
            if own and kind != "shifted":
                truth[index, turn * TICKS : (turn + 1) * TICKS] = heard.speaks
            shown[index] += pictures[name] if own else _silent(kind, pictures[name], draw)
    _write(path, [_looks(part, tile, look) for part, tile in zip(shown, tiles, strict=True)],
           tiles, np.concatenate(sound), look.fps)  # fmt: skip
    return Clip(path, tiles, bridged(truth))


def monologue(path: Path, names: Sequence[str], late_ms: int) -> None:
    """Write a video of people who speak one after the other, their sound late by so much."""
    tile = places(1)[0]
    shown = [picture for name in names for picture in _looks(frames(name), tile, AS_IT_IS)]
    sound = np.concatenate([talker(name).sound for name in names])
    _write(path, [shown], [tile], np.roll(sound, late_ms * RATE // 1000))


def _silent(kind: str, pictures: list[Pictures], draw: np.random.Generator) -> list[Pictures]:
    if kind == "still":
        return [pictures[draw.integers(TICKS)]] * TICKS
    if kind == "listen":
        idle = pictures[:IDLE] + pictures[IDLE - 1 :: -1]
        start = int(draw.integers(len(idle)))
        return [idle[(start + i) % len(idle)] for i in range(TICKS)]
    shift = int(draw.integers(TICKS)) if draw.random() < 0.5 else 0
    return pictures[-shift:] + pictures[:-shift] if shift else pictures


def _looks(pictures: list[Pictures], tile: tuple[int, int, int, int], look: Look) -> list[Pictures]:
    done: dict[int, Pictures] = {}
    for picture in pictures:
        if id(picture) not in done:
            done[id(picture)] = _look(picture, tile, look)
    return [done[id(picture)] for picture in pictures]


def _look(picture: Pictures, tile: tuple[int, int, int, int], look: Look) -> Pictures:
    _, _, width, height = tile
    picture = picture.copy()
    if look.hidden:
        picture[170:230, 180:230] = (90, 60, 40)
    wide = look.width or width
    size = (round(wide * (1 - look.turned)), round(wide * 288 / 360))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    place = np.full((height, width, 3), 128, np.uint8)
    left, top = (width - size[0]) // 2, max(0, (height - size[1]) // 2)
    place[top : top + size[1], left : left + size[0]] = small[:height, :width]
    return place


def _write(
    path: Path,
    shown: list[list[Pictures]],
    tiles: list[tuple[int, int, int, int]],
    sound: NDArray[Any],
    fps: int = FPS,
) -> None:
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio = file.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for index in range(len(shown[0])):
            if index * fps // FPS > (index - 1) * fps // FPS:
                picture = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
                for part, (x, y, width, height) in zip(shown, tiles, strict=True):
                    picture[y : y + height, x : x + width] = part[index]
                file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            samples = sound[index * TICK_SAMPLES : (index + 1) * TICK_SAMPLES]
            codes = (samples * 32767).clip(-32768, 32767).astype(np.int16)[None]
            chunk = av.AudioFrame.from_ndarray(codes, format="s16", layout="mono")
            chunk.sample_rate = RATE
            file.mux(audio.encode(chunk))
        file.mux(video.encode())
        file.mux(audio.encode())

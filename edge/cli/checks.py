"""What `edge doctor` looks at."""

import ctypes.util
import importlib.util
import itertools
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from msgspec import Struct

from edge.budget.device import (
    nearest_shipped,
    own_meter,
    own_path,
    own_profile,
    watts_per_core,
)
from edge.budget.meters import thermal
from edge.cli.devices import edge_tpus
from edge.errors import UserError
from edge.io.camera_list import cameras
from edge.paths import cache_dir, resource

PACKAGES = {
    "numpy": ("numpy",),
    "cv2": ("opencv-python", "opencv-python-headless"),
    "av": ("av",),
    "mcap": ("mcap",),
    "lap": ("lap",),
}
"""What can be installed and yet not load: module → the packages that bring it."""
METERS = {
    "rapl": "RAPL: the processor's own counter",
    "hwmon": "a sensor of the hardware monitor: the whole board",
    "battery": "the battery's gauge: the whole device",
}
"""By `PowerMeter.source`."""
LIBRARIES = ("ai_edge_litert", "tflite_runtime")
"""Either runs models; `edge.inference.backend` takes the first that is installed."""
REINSTALL = "make clean install"
JOIN_VIDEO = "add yourself to group video: sudo usermod -aG video $USER, then log in again"
PORTAUDIO = "sudo apt-get install libportaudio2"
EDGE_TPU_LIBRARY = "sudo apt-get install libedgetpu1-std (from Google's Coral repository)"


class Check(Struct):
    """`state`: "note" is good to know. `needed`: without it `edge demo` can't run."""

    name: str
    state: Literal["ok", "note", "problem"]
    found: str
    fix: str = ""
    needed: bool = False


def all_checks() -> Iterator[Check]:
    """Look at one thing after the other."""
    yield _python()
    yield from itertools.starmap(_package, PACKAGES.items())
    yield _library()
    yield from _cameras()
    yield _microphones()
    yield _screen()
    yield _edge_tpu()
    yield from _power()
    yield _heat()
    cache = _cache()
    yield cache
    if cache.state == "ok":
        yield from _models()
    yield _sample()


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", "ok", f"{found}, edge {version('edge-perception')}")
    return Check("Python", "problem", found, "use Python 3.10 to 3.13", needed=True)


def _package(module: str, packages: tuple[str, ...]) -> Check:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return Check(packages[-1], "problem", f"doesn't load: {error}", REINSTALL, needed=True)
    found = [f"{name} {installed}" for name in packages if (installed := _version(name))]
    if len(found) > 1:
        return Check(module, "problem", f"{' and '.join(found)} overwrite each other", REINSTALL)
    return Check(packages[-1], "ok", found[0] if found else "installed by other means than pip")


def _library() -> Check:
    library = next(filter(importlib.util.find_spec, LIBRARIES), LIBRARIES[0])
    return _package(f"{library}.interpreter", (library.replace("_", "-"),))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cameras() -> Iterator[Check]:
    if not sys.platform.startswith("linux"):
        yield Check("cameras", "note", "can't be listed on this system", "try --source 0")
        return
    found = cameras()
    if not found:
        yield Check("cameras", "note", "none; the demo plays its sample clip")
    for camera in found:
        name = f"camera {camera.path}"
        if camera.permitted:
            yield Check(name, "ok", camera.card)
        else:
            yield Check(name, "problem", "you may not open it", JOIN_VIDEO)


def _microphones() -> Check:
    try:
        import sounddevice
    except OSError:
        return Check("microphones", "problem", "PortAudio is missing", PORTAUDIO)
    except ImportError as error:
        return Check("microphones", "problem", f"sounddevice doesn't load: {error}", REINSTALL)
    try:
        devices = sounddevice.query_devices()
    except sounddevice.PortAudioError as error:
        return Check("microphones", "problem", str(error), "is the sound system running?")
    names = [device["name"] for device in devices if device["max_input_channels"]]
    if not names:
        return Check("microphones", "note", "none; files bring their own sound")
    return Check("microphones", "ok", ", ".join(names))


def _screen() -> Check:
    try:
        from edge.io.window import check_screen

        check_screen()
    except ImportError as error:
        return Check("window", "problem", f"OpenCV doesn't load: {error}", REINSTALL, needed=True)
    except UserError as error:
        return Check("window", "note", str(error))
    return Check("window", "ok", "there is a screen, and OpenCV can open windows")


def _edge_tpu() -> Check:
    found = edge_tpus()
    library = ctypes.util.find_library("edgetpu")
    if not found:
        return Check("Edge TPU", "note", "none; models run on the processor")
    if library is None:
        return Check("Edge TPU", "problem", f"{', '.join(found)}, but no library", EDGE_TPU_LIBRARY)
    return Check("Edge TPU", "ok", f"{', '.join(found)}, {library}")


def _power() -> Iterator[Check]:
    """Say which profile of a device stands for this one, and what measures its energy."""
    calibrate = "edge calibrate device measures this one, in half a minute"
    try:
        profile, meter = own_profile(), own_meter()
    except UserError as error:
        yield Check("device profile", "problem", str(error), calibrate)
        return
    if own_path().exists():
        yield Check("device profile", "ok", str(own_path()))
    else:
        yield Check("device profile", "note", f"{nearest_shipped().stem}, the nearest that comes "
                    "with edge", calibrate)  # fmt: skip
    if meter.source != "model":
        yield Check("power meter", "ok", METERS[meter.source])
    else:
        found = f"none that can be read; CPU time counts, at {watts_per_core(profile):g} W a core"
        yield Check("power meter", "note", found)


def _heat() -> Check:
    now = thermal()
    if now.temperature_c is None:
        return Check("temperature", "note", "no sensor that can be read")
    found = f"{now.temperature_c:.0f} °C"
    if now.throttled:
        slower = f"{found}; the clock is held {100 * now.throttled:.0f} % below its best"
        return Check("temperature", "problem", slower, "cool it: budgets are kept, with less")
    return Check("temperature", "ok", found)


def _cache() -> Check:
    fix = "EDGE_CACHE=FOLDER chooses a folder where you may write"
    try:
        folder = cache_dir()
        probe = folder / ".doctor"
        probe.touch()
        probe.unlink()
    except (UserError, OSError) as error:
        return Check("cache", "problem", str(error), fix, needed=True)
    return Check("cache", "ok", str(folder))


def _models() -> Iterator[Check]:
    from edge.inference.registry import list_models

    models = list_models()
    for model in models:
        name = f"{model.name}/{model.variant}"
        if model.verified:
            yield Check(f"model {name}", "ok", "here")
        elif model.cached:
            fix = f"edge models fetch {name}"
            found = f"wrong hash: {model.path}"
            yield Check(f"model {name}", "problem", found, fix, needed=model.passed)
    for name in sorted({model.name for model in models} - {m.name for m in models if m.cached}):
        fix = f"edge models fetch {name}"
        yield Check(f"model {name}", "note", "not here yet; fetched when first needed", fix)


def _sample() -> Check:
    from edge.cli.demo import SAMPLE

    path = resource(SAMPLE)
    if path.is_file():
        return Check("sample clip", "ok", str(path))
    return Check("sample clip", "problem", f"{path} is missing", REINSTALL, needed=True)

"""Downloads: one archive from its place into a folder, with a progress bar on stderr.

Every way to download raises Unavailable, with the reason, where the archive can't be had, so
that the next source can be tried.
"""

import contextlib
import errno
import http.client
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tqdm import tqdm

from edge.inference.manifest import Address, Archive, NpmPackage, PipPackage

CONNECT_S = 5.0
"""How long to wait for a server's answer; a network without a way out often never refuses."""
BLOCK = 1 << 16
POLL_S = 0.2

_unreachable: dict[str, str] = {}
"""Hosts that didn't answer in this process, and why: they are not asked again."""


class Unavailable(Exception):
    """An archive can't be had from its source, for the reason in the message."""


def download(archive: Archive, folder: Path) -> Path:
    """Put an archive into an empty folder and return its path. Its hash is not yet checked.

    Raises Unavailable; OSError where the folder can't be written.
    """
    match archive:
        case Address():
            return _by_address(archive, folder)
        case PipPackage():
            return _by_pip(archive, folder)
        case NpmPackage():
            return _by_npm(archive, folder)


def _by_address(archive: Address, folder: Path) -> Path:
    host = urllib.parse.urlsplit(archive.address).netloc
    if host in _unreachable:
        raise Unavailable(_unreachable[host])
    try:
        response = urllib.request.urlopen(archive.address, timeout=CONNECT_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unavailable(f"{host} answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        text = "name not found" if isinstance(reason, socket.gaierror) else reason
        _unreachable[host] = f"{host} can't be reached ({text})"
        raise Unavailable(_unreachable[host]) from error
    path = folder / "download"
    with response, path.open("wb") as file, _bar(archive) as bar:
        while block := _read(response, host):
            file.write(block)
            bar.update(len(block))
    return path


def _read(response: http.client.HTTPResponse, host: str) -> bytes:
    """Return the next block of an answer, empty at its end."""
    try:
        return response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{host} broke off ({error})") from error


def _by_pip(archive: PipPackage, folder: Path) -> Path:
    options = ["--python-version", archive.python] if archive.python else []
    options += ["--platform", archive.platform] if archive.platform else []
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"]
    only = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", "."]
    _run([*_pip(), "download", *quiet, *only, *options, archive.package], archive, folder)
    return _result(folder, "*.whl")


def _pip() -> list[str]:
    """Return the command that runs pip: a virtual environment made by uv has none of its own."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if path := shutil.which("pip3"):
        return [path]
    raise Unavailable("pip is missing (sudo apt-get install python3-pip)")


def _by_npm(archive: NpmPackage, folder: Path) -> Path:
    path = shutil.which("npm")
    if not path:
        raise Unavailable("npm is missing (sudo apt-get install npm)")
    command = [path, "pack", "--loglevel=error", "--cache", "cache", "--fetch-retries", "1"]
    _run([*command, archive.package], archive, folder)
    return _result(folder, "*.tgz")


def _run(command: list[str], archive: PipPackage | NpmPackage, folder: Path) -> None:
    """Run a download in a folder, which it also has for its temporary files.

    Raises Unavailable where it fails, OSError where the disk is full.
    """
    environment = {**os.environ, "TMPDIR": str(folder)}
    with (
        _bar(archive) as bar,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        while True:
            try:
                _, errors = process.communicate(timeout=POLL_S)
                break
            except subprocess.TimeoutExpired:
                bar.update(min(_size(folder), archive.bytes) - bar.n)
        if process.returncode:
            full = os.strerror(errno.ENOSPC)
            if full.lower() in errors.lower():  # pip's and npm's words begin differently
                raise OSError(errno.ENOSPC, full)
            raise Unavailable(f"{Path(command[0]).name} failed ({_reason(errors)})")
        bar.update(archive.bytes - bar.n)


def _reason(errors: str) -> str:
    """Return the line in which pip ("ERROR: …") or npm ("npm error …") says what went wrong."""
    lines = errors.strip().splitlines() or ["no reason given"]
    return next((line for line in lines if re.match("(npm )?err", line, re.IGNORECASE)), lines[-1])


def _result(folder: Path, pattern: str) -> Path:
    for path in folder.glob(pattern):
        return path
    raise Unavailable(f"no {pattern} came")


def _size(folder: Path) -> int:
    """Return the bytes in a folder that another process is writing to."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # moved or deleted since it was listed
                total += os.stat(os.path.join(parent, name)).st_size
    return total


def _bar(archive: Archive) -> "tqdm[Any]":
    """Return a progress bar in bytes; where stderr is no terminal, a line takes its place."""
    if not sys.stderr.isatty():
        print(f"fetching {archive.name} ({archive.bytes / 1e6:.1f} MB)", file=sys.stderr)
    return tqdm(
        total=archive.bytes,
        desc=f"fetching {archive.name}",
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )

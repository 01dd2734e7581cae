"""The manifest: what is wrong in it is said in one line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import UserError
from edge.inference.fetch import good
from edge.inference.manifest import NpmPackage, PipPackage, read, shipped
from edge.paths import resource

TEXT = resource("models/manifest.yaml").read_text()
LINES = TEXT.splitlines()


NO_WHEEL = {"body_landmarks_lite.tflite", "face_far.dense.tflite"}
"""In npm's packages only; their makers' own address comes first anyway."""


def test_every_file_comes_with_the_project_or_from_a_package_registry() -> None:
    manifest = shipped()
    for variant in manifest.variants():
        archives = [manifest.archive(source.archive) for source in variant.sources]
        wanted = NpmPackage if variant.file in NO_WHEEL else PipPackage
        if archives:
            assert any(isinstance(archive, wanted) for archive in archives), variant.file
        else:
            assert good(resource("models") / variant.file, variant), variant.file


def test_every_model_has_a_file_that_is_right_by_definition() -> None:
    """The float parent, or what was published where there is none: with nothing to pass.

    Or it is said what became of the parent.
    """
    for model in shipped().models:
        if "float" in model.blocked:
            continue
        parents = [variant for variant in model.variants if not variant.accuracy]
        assert {"float", "published"} & {variant.name for variant in parents}, model.name


def test_every_model_is_named_in_the_notice() -> None:
    notice = resource("models/NOTICE").read_text()
    assert [model.name for model in shipped().models if model.name not in notice] == []


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(LINES, 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("licence: Apache-2.0", "license: Apache-2.0", "name: face_near", "unknown field"),
        ("bytes: 229746", "bytes: many", "bytes: 229746", "Expected `int`, got `str`"),
        ("bytes: 229746", "bytes: 0", "bytes: 229746", "Expected `int` >= 1"),
        ("sha256: b4578f", "sha256: B4578f", "sha256: b4578f", "matching regex"),
        ("file: face_near.tflite", "file: ../a", "file: face_near.tflite", "matching regex"),
        ("via: pip", "via: conda", "via: pip", "Invalid value 'conda'"),
        ("tensors: [regressors, classificators]", "tensors: [regressors]", "name: face_near",
         "face_near/int8 names 1 tensors for 2 outputs"),
        ("- name: dense", "- name: float", "name: face_far", "'float' occurs twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, where: str, what: str
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UserError) as raised:
        read(path)
    message = str(raised.value)
    assert message.startswith(f"{path}:{line_of(where)}: ")
    assert what in message


def test_an_unknown_archive_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(TEXT.replace("archive: mediapipe,", "archive: mediapip,", 1))
    with pytest.raises(UserError, match="unknown archive 'mediapip'; did you mean 'mediapipe'"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: can't be read"):
        read(tmp_path / "none.yaml")


@given(
    index=st.integers(0, len(LINES) - 1),
    change=st.sampled_from(["drop", "twice", "indent", "junk"]),
    junk=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_is_a_manifest_or_a_one_line_error(
    tmp_path: Path, index: int, change: str, junk: str
) -> None:
    line = LINES[index]
    changed = {"drop": [], "twice": [line, line], "indent": [f"   {line}"], "junk": [junk]}[change]
    path = tmp_path / "manifest.yaml"
    path.write_text("\n".join([*LINES[:index], *changed, *LINES[index + 1 :]]), newline="")
    try:
        outcome = str(type(read(path)))
    except UserError as error:
        outcome = str(error)
    assert "\n" not in outcome


def test_bytes_that_are_no_text_are_an_error_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_bytes(b"\xff\xfe\x00models: [")
    with pytest.raises(UserError, match=r"manifest\.yaml: [^\n]+$"):
        read(path)

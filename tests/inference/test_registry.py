"""The registry: models by name and by path, and files that are not what they should be."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edge.errors import UserError
from edge.inference import load_model, registry
from edge.inference.fetch import cached_name
from edge.inference.manifest import Manifest, ModelSpec, TensorSpec, Variant


@pytest.fixture
def model(tiny: Callable[..., bytes]) -> bytes:
    return tiny()


@pytest.fixture
def manifest(model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """A manifest with one model of two variants, and an empty cache; no source is needed."""
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache/models").mkdir(parents=True)
    variants = tuple(
        Variant(
            name=name,
            file=f"tiny.{name}.tflite",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            tensors=("out",),
        )
        for name, content in (("float", model), ("int8", model + b"8"))
    )
    spec = ModelSpec(
        name="tiny",
        job="test",
        licence="none",
        card="",
        inputs=(TensorSpec(name="picture", shape=(1, 2, 3, 3), range=(0, 1)),),
        outputs=(TensorSpec(name="row", shape=(1, 18)),),
        variants=variants,
    )
    return Manifest(archives=(), models=(spec,))


@pytest.fixture
def place(manifest: Manifest, tmp_path: Path) -> Path:
    """Where the default variant belongs in the cache."""
    return tmp_path / "cache/models" / cached_name(manifest.models[0].variants[0])


def test_the_list_tells_what_is_here_and_whether_it_is_right(
    manifest: Manifest, place: Path, model: bytes
) -> None:
    assert [info.cached for info in registry.list_models(manifest=manifest)] == [False, False]
    place.write_bytes(model)
    first, second = registry.list_models(["tiny"], manifest)
    assert (first.variant, first.cached, first.verified) == ("float", True, True)
    assert (second.variant, second.cached, second.verified) == ("int8", False, None)
    place.write_bytes(b"damaged")
    assert registry.list_models(["tiny"], manifest)[0].verified is False
    assert msgspec.json.decode(msgspec.json.encode(first))["path"] == str(place)


@pytest.mark.parametrize(
    "damage",
    [lambda model: model[:-1] + b"\xff", lambda model: model[:100], lambda _: b""],
    ids=["changed", "cut short", "empty"],
)
def test_a_file_with_a_wrong_hash_is_never_run(
    manifest: Manifest, place: Path, model: bytes, damage: Callable[[bytes], bytes]
) -> None:
    damaged = damage(model)
    place.write_bytes(damaged)
    found, wanted = hashlib.sha256(damaged).hexdigest(), hashlib.sha256(model).hexdigest()
    message = (
        f"{place}: sha256 is {found}, expected {wanted}; "
        "replace it with: edge models fetch tiny/float"
    )
    for use in (
        lambda: load_model("tiny", manifest=manifest),
        lambda: registry.verify(manifest=manifest),
    ):
        with pytest.raises(UserError) as raised:
            use()
        assert str(raised.value) == message
    assert place.read_bytes() == damaged


def test_a_file_with_tensors_of_another_shape_is_named(
    manifest: Manifest, place: Path, model: bytes
) -> None:
    place.write_bytes(model)
    (spec,) = manifest.models
    taller = msgspec.structs.replace(
        spec, inputs=(TensorSpec(name="picture", shape=(1, 4, 3, 3), range=(0, 1)),)
    )
    with pytest.raises(UserError) as raised:
        load_model("tiny", manifest=Manifest(archives=(), models=(taller,)))
    assert str(raised.value) == (
        "tiny: picture has shape (1, 2, 3, 3), the manifest says (1, 4, 3, 3)"
    )


def test_verify_returns_what_it_checked(manifest: Manifest, place: Path, model: bytes) -> None:
    assert registry.verify(manifest=manifest) == []
    place.write_bytes(model)
    assert [info.variant for info in registry.verify(["tiny"], manifest)] == ["float"]


def test_what_is_here_is_not_fetched(manifest: Manifest, place: Path, model: bytes) -> None:
    place.write_bytes(model)
    assert [info.verified for info in registry.fetch(manifest=manifest)] == [True]
    with pytest.raises(UserError, match=r"can't fetch tiny\.int8\.tflite"):
        registry.fetch(["tiny/int8"], manifest)


@pytest.mark.parametrize(
    "use", [load_model, lambda name: registry.fetch([name]), lambda name: registry.verify([name])]
)
def test_an_unknown_name_is_answered_with_the_nearest(use: Callable[[str], object]) -> None:
    with pytest.raises(UserError) as raised:
        use("face_neer")
    assert str(raised.value) == "unknown model 'face_neer'; did you mean 'face_near'?"


def test_an_unknown_variant_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError) as raised:
        load_model("face_far", variant="dens")
    assert str(raised.value) == "face_far has no variant 'dens'; did you mean 'dense'?"


def test_a_member_of_a_bundle_is_a_model(manifest: Manifest, tmp_path: Path, model: bytes) -> None:
    bundle = tmp_path / "bundle.task"
    with zipfile.ZipFile(bundle, "w") as file:
        file.writestr("known.tflite", model)
        file.writestr("other.tflite", model + b"x")
    known = load_model(f"{bundle}:known.tflite", manifest=manifest)
    assert (known.variant, known.outputs[0].name) == ("float", "row")
    other = load_model(f"{bundle}:other.tflite", manifest=manifest)
    assert (other.variant, other.outputs[0].name) == (None, "out")
    with pytest.raises(UserError, match=r"bundle\.task:none\.tflite: no none\.tflite in it"):
        load_model(f"{bundle}:none.tflite", manifest=manifest)
    with pytest.raises(UserError, match=r"holds several models; name one: .*:MEMBER\.tflite"):
        load_model(bundle, manifest=manifest)


@pytest.mark.parametrize("name", ["none.tflite", "none.task:a.tflite", "./folder/none"])
def test_a_path_to_nothing_is_named(name: str) -> None:
    with pytest.raises(UserError, match=f"{name.partition(':')[0]}: no such file"):
        load_model(name)

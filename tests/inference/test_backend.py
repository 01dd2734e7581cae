"""The library that runs the models."""

import os

import pytest

from edge.inference import backend


def test_only_information_is_kept_from_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with backend.without_information():
        os.write(2, b"INFO: made a delegate\nERROR: no such operation\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "ERROR: no such operation\nafterwards\n"

"""`edge demo` with the page, where there is no screen."""

import os
import subprocess
import sys
from pathlib import Path

from tests.daemon.conftest import Daemon


def test_the_demo_serves_the_page_on_the_sample(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    command = [sys.executable, "-m", "edge", "demo", "--serve", "--port", "0", "--max-people", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**environment, "EDGE_CONFIG": str(tmp_path)},
    )  # fmt: skip
    with process:
        try:
            demo = Daemon(process, tmp_path)
            demo.opened()
            state = demo.running()
            assert state["engine"]["graph"] == "smart_display"
            assert state["engine"]["can_frame"]
            assert state["engine"]["can_replace"]
            assert b"<title>edge</title>" in demo.ask("GET", "/")[1]
            status, state = demo.ask("PUT", "/api/view", {"background": "blur", "framing": True})
            assert status == 200
            assert state["engine"]["view"]["background"] == "blur"
            assert demo.stop() == 0
        finally:
            process.kill()
    assert not any("info" in line for line in demo.log)  # nothing but the address

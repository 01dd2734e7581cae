"""GStreamer's RTSP server, of its own process: apt-get install python3-gi
gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good."""

import shutil
import subprocess
import textwrap

import pytest

from tests.brokers import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
"""That which Debian's bindings are for."""
PROBE = 'import gi; gi.require_version("GstRtspServer", "1.0")'
SERVER = """
    import sys
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(sys.argv[2])
    factory.set_shared(True)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()
"""


class RtspServer:
    """A camera on the network. `launch`: what it shows, as gst-launch has it."""

    def __init__(self, launch: str) -> None:
        probe = [SYSTEM_PYTHON, "-c", PROBE]
        if not shutil.which(SYSTEM_PYTHON) or subprocess.run(probe, capture_output=True).returncode:
            pytest.skip("no RTSP server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0")
        self._port, self._launch = free_port(), launch
        self.address = f"rtsp://127.0.0.1:{self._port}/camera"
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [SYSTEM_PYTHON, "-c", textwrap.dedent(SERVER), str(self._port), self._launch]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._server is not None and self._server.stdout is not None:
            self._server.kill()
            self._server.wait()
            self._server.stdout.close()
            self._server = None

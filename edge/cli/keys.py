"""What keys do in the window, each to one feature: the same letters as on the page."""

import logging

from edge.errors import UserError
from edge.graph import Run

log = logging.getLogger(__name__)
SHOWN = {"b": "boxes", "l": "landmarks", "g": "gaze"}
BACKGROUNDS = {"d": "dim", "u": "blur", "r": "replace"}
HELP = "b boxes, l landmarks, g gaze, d dim, u blur, r replace the background, q quit"
OVERLAY, SILHOUETTE = "overlay", "silhouette"
"""Names of the nodes, in a graph that is shown in a window."""


class Keys:
    """Changes how a run is shown."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._shown = dict.fromkeys(SHOWN.values(), True)
        self._background = "dim"

    def press(self, key: str) -> None:
        """Do what a letter stands for; others do nothing."""
        try:
            if key in SHOWN:
                option = SHOWN[key]
                self._run.set(f"{OVERLAY}.{option}", not self._shown[option])
                self._shown[option] = not self._shown[option]
            elif key in BACKGROUNDS:
                wanted = BACKGROUNDS[key]
                background = "keep" if self._background == wanted else wanted
                self._run.set(f"{SILHOUETTE}.enabled", background != "keep")
                self._run.set(f"{OVERLAY}.background", background)
                self._background = background
        except UserError as error:  # this graph hasn't got it
            log.warning("%s", error)

"""The peer's process: MediaPipe's FaceMesh in video mode, as its users call it."""

import json
import sys

import mediapipe
import numpy as np

from benchmarks.worker import Decoder, serve, there_and_back


def main(rgb: str, max_faces: int, refine: bool) -> None:
    """Serve the clip in the file `rgb`. `refine`: 478 landmarks, not 468."""
    pictures = np.asarray(np.load(rgb, mmap_mode="r"))
    order = there_and_back(len(pictures))
    decoder = Decoder()
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=False, max_num_faces=max_faces, refine_landmarks=refine
    ) as mesh:

        def play(frames: int) -> int:
            seen = (mesh.process(decoder.picture(pictures[next(order)])) for _ in range(frames))
            return sum(len(result.multi_face_landmarks or ()) for result in seen)

        serve(play, decoder)


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))

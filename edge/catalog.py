"""Every node that comes with edge: its name in YAML, and the class that it stands for."""

NODES = {
    # sources
    "camera": "edge.io.camera:Camera",
    "microphone": "edge.io.microphone:Microphone",
    # sinks
    "display": "edge.io.window:Display",
    "recorder": "edge.io.recording:Recorder",
    "video_writer": "edge.io.video_writer:VideoWriter",
    # faces
    "face_detector": "edge.vision.face_detector:FaceDetector",
    "face_landmarks": "edge.vision.face_landmarks:FaceLandmarks",
    # people
    "overlay": "edge.people.overlay:Overlay",
    "people": "edge.people.people:People",
}

"""Every node that comes with edge: its name in YAML, and the class that it stands for."""

NODES = {
    # sources
    "camera": "edge.io.camera:Camera",
    "microphone": "edge.io.microphone:Microphone",
    # sinks
    "display": "edge.io.window:Display",
    "jpeg_encoder": "edge.io.jpeg:JpegEncoder",
    "recorder": "edge.io.recording:Recorder",
    "virtual_camera": "edge.io.virtual_camera:VirtualCamera",
    "video_writer": "edge.io.video_writer:VideoWriter",
    # where to look, and what is there
    "body_landmarks": "edge.vision.body_landmarks:BodyLandmarks",
    "face_detector": "edge.vision.face_detector:FaceDetector",
    "face_landmarks": "edge.vision.face_landmarks:FaceLandmarks",
    "hand_detector": "edge.vision.hand_detector:HandDetector",
    "hand_landmarks": "edge.vision.hand_landmarks:HandLandmarks",
    "irises": "edge.vision.irises:Irises",
    "motion": "edge.vision.motion:MotionDetector",
    "person_detector": "edge.vision.person_detector:PersonDetector",
    "silhouette": "edge.vision.silhouette:Silhouettes",
    # what is heard
    "direction": "edge.audio.direction:SoundDirection",
    "hearing": "edge.audio.hearing:Hearing",
    "voice_activity": "edge.audio.voice_activity:VoiceActivity",
    "voices": "edge.audio.voices:Voices",
    # people
    "attention": "edge.people.attention:Attention",
    "expressions": "edge.people.expressions:Expressions",
    "gaze": "edge.people.gaze:Gaze",
    "gestures": "edge.people.gestures:Gestures",
    "overlay": "edge.people.overlay:Overlay",
    "people": "edge.people.people:People",
    "speaking": "edge.people.speaking:Speaking",
    # what to show
    "director": "edge.director.director:Director",
    "framed": "edge.director.director:Framed",
}

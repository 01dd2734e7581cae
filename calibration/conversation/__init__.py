"""What was learned from `talkers` and the meetings: see `python -m calibration.conversation`."""

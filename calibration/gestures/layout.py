"""How the classifier of motions is laid out: four convolutions along time, and two dense layers."""

TAPS = 5
CHANNELS = (24, 32, 40, 48)
STRIDES = (1, 2, 2, 2)
"""Each convolution sees twice as long as the one before."""
HIDDEN = 64

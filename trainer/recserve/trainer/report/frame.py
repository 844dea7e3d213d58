"""The frame of a plot with two axes."""

WIDTH, HEIGHT = 360, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 346, 12, 200
"""Where the axes begin and end, in pixels from the left and from the top."""

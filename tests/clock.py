"""A clock for tests of what has so much time."""


class Clock:
    """The time of an idle machine: it passes only while something is read."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

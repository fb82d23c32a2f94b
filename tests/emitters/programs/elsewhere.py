"""Asks somebody else, as an emitter might that reports on itself. Nobody listens there, should the guard fail."""

import contextlib
import urllib.request

with contextlib.suppress(OSError):
    urllib.request.urlopen("http://127.0.0.1:2")

"""Waiting for a receiver that does not answer or is not ready, so that long commands survive its restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from receiver.cli.api import AwayError, NotReadyError
from receiver.cli.terminal import Progress

_PATIENCE = 120.0
_LONGEST_WAIT = 10.0

_T = TypeVar("_T")


def patiently(ask: Callable[[], _T], progress: Progress, patience: float = _PATIENCE) -> _T:
    """Return the receiver's answer. While it does not answer or asks to retry later, wait and ask again.

    Raises what `ask` raises; AwayError and NotReadyError only after `patience` seconds.
    """
    since = time.monotonic()
    while True:
        try:
            return ask()
        except (AwayError, NotReadyError) as error:
            if time.monotonic() - since > patience:
                raise
            progress.show(f"waiting: {error}")
            time.sleep(min(getattr(error, "retry_after", 1.0), _LONGEST_WAIT))

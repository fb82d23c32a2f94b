"""The process that interprets: `python -m storage.interpreting.worker`, started by `Interpreter`.

As with points (`storage.indexing.points.worker`), what it does would keep acknowledgements waiting in the receiver's
own process. Here it runs at a low priority, in the time that ingest leaves.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import os

from mapping.calls.interpret import INTERPRETATION_VERSION
from mapping.calls.model import Call, Tokens
from mapping.calls.pricing import Prices, own_prices
from mapping.errors import Problem
from storage.errors import IndexUnavailable
from storage.interpreting.messages import Begin, Given, Load, NewRecords, ReadAnswer, Step, WriteBegun, WriteOutcome
from storage.interpreting.work import Work
from storage.interpreting.writing import Steps
from storage.workers.request_loop import serve

log = logging.getLogger(__name__)

_NICE = 10
# Asked for its price at the start, which reads the package's table: 0.2 s.
_ANY = Call(id="", kind="model", name="gpt-4o", told_by=[], trace_id="", start=0, end=0, tokens=Tokens(input=1))


class Worker:
    """`work` is there once it is loaded."""

    def __init__(self) -> None:
        self.work: Work | None = None
        self._steps: Steps | None = None

    def load(self, request: Load) -> None:
        prices = Prices(own_prices(request.prices) if request.prices else None)
        prices(_ANY)
        self.work = Work(
            version_of(prices),
            prices,
            shared=request.shared,
            is_first=request.is_first,
            alert_after=request.alert_after,
        )
        self._steps = self.work.steps()
        gc.freeze()  # the table of prices stays: no need to look at it for garbage

    def begin(self, _request: Begin) -> Step:
        """Return the first step."""
        return next(self._loaded)

    def next(self, given: Given) -> Step:
        """Return the next step, given the result of the last one."""
        try:
            return self._loaded.send(given)
        except Problem:  # the store does not answer, which the receiver logs
            raise
        except Exception:
            log.exception("interpreting begins anew")  # what is raised is but a line of it
            raise

    @property
    def _loaded(self) -> Steps:
        if self._steps is None:
            raise IndexUnavailable("the interpreter is not loaded")
        return self._steps


def version_of(prices: Prices) -> str:
    """Return what an interpretation depends on beside events: rules and prices."""
    return f"{INTERPRETATION_VERSION}-{hashlib.blake2b(prices.version.encode(), digest_size=8).hexdigest()}"


def main() -> None:
    os.nice(_NICE)
    worker = Worker()
    serve(
        {
            Load: worker.load,
            Begin: worker.begin,
            ReadAnswer: worker.next,
            WriteBegun: worker.next,
            WriteOutcome: worker.next,
            NewRecords: worker.next,
        }
    )


if __name__ == "__main__":
    main()

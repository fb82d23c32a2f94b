"""Events and calls as Parquet, for DuckDB, pandas and Polars: `docs/guides/parquet.md` has the columns.

Written as they are read, a page at a time, so that a year needs no more memory than a day. The package that writes it
is an extra: `pip install 'vectadb-receiver[parquet]'`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedWriter, RawIOBase
from typing import IO, Any, Literal

from mapping.times import parse_rfc3339
from receiver.cli.errors import CommandError

# What a column holds. Moments are those of UTC, in microseconds: an int64 of nanoseconds would end in the year 2262.
# `json` is for what has no type of its own, as JSON in a text.
Kind = Literal["text", "texts", "integer", "number", "moment", "json"]

EVENTS: dict[str, Kind] = {
    "id": "text",
    "trace_id": "text",
    "timestamp": "moment",
    "event_type": "text",
    "agent_id": "text",
    "session_id": "text",
    "project": "text",
    "name": "text",
    "status": "text",
    "duration_ns": "integer",
    "span_id": "text",
    "parent_span_id": "text",
    "kind": "text",
    "severity": "text",
    "properties": "json",
    "source": "json",
    "resource": "json",
    "scope": "json",
    "flags": "integer",
    "observed_timestamp": "moment",
    "order": "integer",
    "created_at": "moment",
    "correlation": "text",
}
CALLS: dict[str, Kind] = {
    "id": "text",
    "kind": "text",
    "name": "text",
    "agent_id": "text",
    "session_id": "text",
    "trace_id": "text",
    "parent_id": "text",
    "provider": "text",
    "start_time": "moment",
    "end_time": "moment",
    "duration_ns": "integer",
    "status": "text",
    "error": "text",
    "input_tokens": "integer",
    "output_tokens": "integer",
    "cache_read_tokens": "integer",
    "cache_write_tokens": "integer",
    "reasoning_tokens": "integer",
    "cost_usd": "number",
    "cost_from": "text",
    "price": "text",
    "told_by": "texts",
    "tool_call_id": "text",
    "response_id": "text",
    "scores": "json",
}

_ROWS = 200  # of a batch: an event may have megabytes
_ROW_GROUP = 50_000


class _Output(RawIOBase):
    """Writes to a stream, and keeps the error of the first write that fails: arro3-io (0.9.1) panics where one does."""

    def __init__(self, stream: IO[bytes], failed: list[BaseException]) -> None:
        self._stream, self._failed = stream, failed

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self._failed:
            try:
                self._stream.write(data)
            except OSError as error:
                self._failed.append(error)
        return len(data)


def write(output: IO[bytes], columns: dict[str, Kind], rows: Iterable[dict[str, Any]]) -> int:
    """Write the rows, objects as the API answers them, and return how many there were.

    Raises CommandError where the package is missing, and what reading the rows and writing the file raise.
    """
    try:
        from arro3 import core, io  # noqa: PLC0415 - an extra, which may be missing
    except ImportError:
        raise CommandError("Parquet needs a package: pip install 'vectadb-receiver[parquet]'") from None
    types = {
        "text": core.DataType.large_utf8(),
        "texts": core.DataType.list(core.Field("item", core.DataType.large_utf8())),
        "integer": core.DataType.int64(),
        "number": core.DataType.float64(),
        "moment": core.DataType.timestamp("us", tz="UTC"),
        "json": core.DataType.large_utf8(),
    }
    schema = core.Schema([core.Field(name, types[kind], nullable=True) for name, kind in columns.items()])

    def array(kind: Kind, values: Sequence[Any]) -> Any:
        if kind == "moment":
            moments = [None if text is None else parse_rfc3339(text) // 1000 for text in values]
            return core.Array(moments, core.DataType.int64()).cast(types[kind])
        if kind == "texts":
            ends = itertools.accumulate((len(texts) for texts in values), initial=0)
            texts = core.Array(list(itertools.chain.from_iterable(values)), core.DataType.large_utf8())
            return core.list_array(core.Array(list(ends), core.DataType.int32()), texts, type=types[kind])
        if kind == "json":
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        return core.Array(values, types[kind])

    written = 0
    failed: list[BaseException] = []  # the writer would raise another in its place

    def batches() -> Iterator[Any]:
        nonlocal written
        waiting = iter(rows)
        try:
            while not failed and (some := list(itertools.islice(waiting, _ROWS))):
                written += len(some)
                arrays = [array(kind, [row[name] for row in some]) for name, kind in columns.items()]
                yield core.RecordBatch.from_arrays(arrays, schema=schema)
        except BaseException as error:
            failed.append(error)
            raise

    reader = core.RecordBatchReader.from_batches(schema, batches())
    try:
        with BufferedWriter(_Output(output, failed)) as kept:
            io.write_parquet(reader, kept, compression="zstd(3)", max_row_group_size=_ROW_GROUP)
    finally:
        if failed:
            raise failed[0]
    return written

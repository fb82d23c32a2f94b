"""The client that waits for its answers, and the one whose answers are awaited."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack

import httpx2

from vectadb_receiver_client import frames
from vectadb_receiver_client import types as t
from vectadb_receiver_client.asking import NotReadyError, away, check_lines, error, options, query, read
from vectadb_receiver_client.operations import AsyncOperations, Operations

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package of their own

_TIMEOUT = 60.0
# Seconds that a receiver may ask to try again later: it starts, or more arrives than it takes.
_PATIENCE = 30.0
_MOST_ROWS = 200


class Client(Operations):
    """A receiver's API: one method for each operation, `iter_` for all pages of one, and data frames.

    `url` is by default `VECTADB_URL`, or this machine; `key` is by default `VECTADB_API_KEY`. `timeout` is in seconds
    for each request; `patience` is how many seconds the receiver may ask to try again. Methods raise AwayError,
    ApiError, and NotReadyError once the patience is at its end.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = _TIMEOUT,
        patience: float = _PATIENCE,
    ) -> None:
        self._http = httpx2.Client(**options(url, key, timeout))
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def calls_dataframe(self, **given: Unpack[t.CallsParameters]) -> pd.DataFrame:
        """Return calls as a pandas data frame, a row each, all pages of them. Raises ImportError without pandas."""
        return frames.of_calls(list(self.iter_calls(**_in_large_pages(given))))

    def events_dataframe(self, **given: Unpack[t.EventsParameters]) -> pd.DataFrame:
        """Return events as a pandas data frame, a row each, all pages of them. Raises ImportError without pandas."""
        return frames.of_events(list(self.iter_events(**_in_large_pages(given))))

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        """Return an answer whose body is still to be read; the caller closes it."""
        until = time.monotonic() + self._patience
        while True:
            try:
                answer = self._http.send(request, stream=True)
                if answer.status_code == httpx2.codes.OK:
                    return answer
                with contextlib.closing(answer):
                    answer.read()
            except httpx2.RequestError as why:
                raise away(self._http.base_url, why) from None
            refused = error(answer)
            if not isinstance(refused, NotReadyError) or time.monotonic() + refused.retry_after > until:
                raise refused
            time.sleep(refused.retry_after)

    def _read(self, request: httpx2.Request) -> httpx2.Response:
        with contextlib.closing(self._send(request)) as answer:
            try:
                answer.read()
            except httpx2.RequestError as why:
                raise away(self._http.base_url, why) from None
        return answer

    def _json(
        self,
        method: str,
        path: str,
        given: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        request = self._http.build_request(method, path, params=query(given), json=body, headers=headers)
        return read(self._read(request))

    def _bytes(self, path: str, given: Mapping[str, Any]) -> bytes:
        return self._read(self._http.build_request("GET", path, params=query(given))).content

    def _lines(self, path: str, given: Mapping[str, Any]) -> Iterator[bytes]:
        request = self._http.build_request("GET", path, params=query(given))
        with contextlib.closing(self._send(request)) as answer:
            check_lines(answer)
            try:
                rest = b""
                for piece in answer.iter_bytes():
                    *lines, rest = (rest + piece).split(b"\n")  # httpx's lines end at U+2028 in a text, too
                    yield from lines
            except httpx2.RequestError as why:
                raise away(self._http.base_url, why) from None

    def _rows(self, path: str, field: str, given: Mapping[str, Any]) -> Iterator[Any]:
        page: dict[str, Any] = {"next_cursor": given.get("cursor")}
        while True:
            page = self._json("GET", path, {**given, "cursor": page["next_cursor"]})
            yield from page[field]
            if page["next_cursor"] is None:
                return


class AsyncClient(AsyncOperations):
    """The same as `Client`, to be awaited: `async with AsyncClient()`, `async for trace in client.iter_traces()`."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = _TIMEOUT,
        patience: float = _PATIENCE,
    ) -> None:
        self._http = httpx2.AsyncClient(**options(url, key, timeout))
        self._patience = patience

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def calls_dataframe(self, **given: Unpack[t.CallsParameters]) -> pd.DataFrame:
        """Return calls as a pandas data frame, a row each, all pages of them. Raises ImportError without pandas."""
        return frames.of_calls([call async for call in self.iter_calls(**_in_large_pages(given))])

    async def events_dataframe(self, **given: Unpack[t.EventsParameters]) -> pd.DataFrame:
        """Return events as a pandas data frame, a row each, all pages of them. Raises ImportError without pandas."""
        return frames.of_events([event async for event in self.iter_events(**_in_large_pages(given))])

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        """Return an answer whose body is still to be read; the caller closes it."""
        until = time.monotonic() + self._patience
        while True:
            try:
                answer = await self._http.send(request, stream=True)
                if answer.status_code == httpx2.codes.OK:
                    return answer
                await answer.aread()
            except httpx2.RequestError as why:
                raise away(self._http.base_url, why) from None
            refused = error(answer)
            if not isinstance(refused, NotReadyError) or time.monotonic() + refused.retry_after > until:
                raise refused
            await asyncio.sleep(refused.retry_after)

    async def _read(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._send(request)
        try:
            await answer.aread()
        except httpx2.RequestError as why:
            raise away(self._http.base_url, why) from None
        finally:
            await answer.aclose()
        return answer

    async def _json(
        self,
        method: str,
        path: str,
        given: Mapping[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        request = self._http.build_request(method, path, params=query(given), json=body, headers=headers)
        return read(await self._read(request))

    async def _bytes(self, path: str, given: Mapping[str, Any]) -> bytes:
        return (await self._read(self._http.build_request("GET", path, params=query(given)))).content

    async def _lines(self, path: str, given: Mapping[str, Any]) -> AsyncIterator[bytes]:
        answer = await self._send(self._http.build_request("GET", path, params=query(given)))
        try:
            check_lines(answer)
            rest = b""
            async for piece in answer.aiter_bytes():
                *lines, rest = (rest + piece).split(b"\n")  # as above
                for line in lines:
                    yield line
        except httpx2.RequestError as why:
            raise away(self._http.base_url, why) from None
        finally:
            await answer.aclose()

    async def _rows(self, path: str, field: str, given: Mapping[str, Any]) -> AsyncIterator[Any]:
        page: dict[str, Any] = {"next_cursor": given.get("cursor")}
        while True:
            page = await self._json("GET", path, {**given, "cursor": page["next_cursor"]})
            for row in page[field]:
                yield row
            if page["next_cursor"] is None:
                return


def _in_large_pages(given: Any) -> Any:
    return {"limit": _MOST_ROWS, **given}

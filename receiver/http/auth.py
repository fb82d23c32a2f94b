"""API keys and what each may do. Checked before the body is read; where none is configured, none is asked for."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from mapping.errors import Code, Problem
from receiver.http.context import KEY, KEYS, METRICS
from receiver.http.metrics import Metrics
from receiver.http.projects import confine
from receiver.http.scopes import OPEN, scope_of
from receiver.settings import Key


@web.middleware
async def auth(request: web.Request, handler: Handler) -> web.StreamResponse:
    scope = scope_of(request)
    if scope != OPEN and (keys := request.app[KEYS].in_force):
        headers = request.headers.get("Authorization", ""), request.headers.get("X-API-Key", "")
        request[KEY] = key = check_key(keys, *headers, scope, request.app[METRICS])
        if key.project and scope is not None:
            await confine(request, key)
    return await handler(request)


def check_key(keys: Sequence[Key], authorization: str, x_api_key: str, scope: str | None, metrics: Metrics) -> Key:
    """Return the key that was sent, in one of the two headers of these names, and count that it was used.

    Any will do where `scope` is None. Raises Problem: UNAUTHENTICATED if it is none of the keys, PERMISSION_DENIED if
    it lacks the scope.
    """
    kind, _, token = authorization.partition(" ")
    given = token.strip() if kind.lower() == "bearer" else x_api_key or _password(kind, token)
    if not given:
        raise Problem(Code.UNAUTHENTICATED, "an API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY")
    sent = given.encode(errors="surrogateescape")
    fits = [key for key in keys if hmac.compare_digest(sent, key.key.encode())]  # all are compared, whichever fits
    if not fits:
        raise Problem(Code.UNAUTHENTICATED, "the API key is not one of this receiver's (auth.keys, auth.api_keys)")
    key = fits[0]
    allowed = scope is None or key.may(scope)
    metrics.key_used(key.name, allowed=allowed)
    if not allowed:
        has = ", ".join(sorted(key.scopes))
        raise Problem(Code.PERMISSION_DENIED, f"the API key {key.name} lacks the scope {scope} (it has {has})")
    return key


def _password(kind: str, token: str) -> str:
    """Return the password of Basic authentication, as Langfuse's SDKs send the key; "" where there is none."""
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""

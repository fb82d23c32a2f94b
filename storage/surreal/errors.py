"""What SurrealDB says is wrong, as exceptions: whose fault it is, and whether trying again may help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mapping.errors import Code, Problem


class ConflictError(Exception):
    """Another transaction has changed rows that this one read or wrote. Read them again and retry."""


class StatementRefusedError(Exception):
    """The database refuses the statement or a row; the message is the database's."""


class TransactionLimitError(StatementRefusedError):
    """The transaction writes more than the server lets one write; a part of it may pass."""


class OpenError(Exception):
    """The database cannot be opened as configured."""


class InUseError(OpenError):
    """Another process has the embedded store open."""


class AccessError(OpenError):
    """The server denies this user access to the database."""


_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"  # part of OpenSSL's

# The engine's kinds of errors. `Thrown` is by our own THROW; `AlreadyExists`: the row did not exist when it was looked
# up.
_CONFLICTS = frozenset({"AlreadyExists", "Thrown", "TransactionConflict"})
# `Query`: a commit failed although its statements succeeded. `NotAllowed`: the session has ended, or rights are
# missing. `NotFound`: somebody has removed the namespace, the database or a table.
_UNAVAILABLE = frozenset({"Query", "NotAllowed", "NotFound", "Connection"})
# What a query throws where the schema is of a later version of this program than the receiver's.
OUTDATED = "the schema is of a later version"
# What statements of a transaction say that another one, or the commit, made fail; their kind is `Query`, too.
_FOLLOWED = "The query was not executed"
# Part of the message for SURREAL_TRANSACTION_MAX_WRITE_KEYS; its kind is `Query`, too.
_WRITES_TOO_MUCH = "exceeded the maximum number of key writes"


def fault(url: str, kind: str | None, message: str) -> Exception:
    """Return the exception for a database error: StatementRefusedError if the statement is at fault, else Problem."""
    # `There was a problem with` the transaction, the datastore, ...: the disk or another storage layer fails.
    # `Specify a namespace` or database `to use`: the session has lost it.
    if kind in _UNAVAILABLE or message.startswith(("There was a problem with", "Specify a ")):
        return Problem(Code.UNAVAILABLE, f"SurrealDB at {url} cannot do it now ({message}); try again", retry_after=5)
    return StatementRefusedError(message)


def results(url: str, statements: list[dict[str, Any]]) -> list[Any]:
    """Return the results of the statements. Raises for the statement that failed first, not for those it made fail."""
    failed = [statement for statement in statements if statement["status"] != "OK"]
    if not failed:
        return [statement["result"] for statement in statements]
    cause: Mapping[str, Any] = next(
        (statement for statement in failed if not str(statement["result"]).startswith(_FOLLOWED)), failed[0]
    )
    message = str(cause["result"])
    if OUTDATED in message:
        raise Problem(Code.UNAVAILABLE, f"SurrealDB at {url}: {message}", retry_after=5)
    # `can be retried` is part of the engine's message for a write conflict.
    if cause.get("kind") in _CONFLICTS or any("can be retried" in str(statement["result"]) for statement in failed):
        raise ConflictError(message)
    for statement in failed:
        if _WRITES_TOO_MUCH in str(statement["result"]):
            raise TransactionLimitError(str(statement["result"]))
    raise fault(url, cause.get("kind"), message)


def unavailable(url: str, error: Exception | str) -> Problem:
    """Return the Problem of a database that does not answer, for `error`."""
    if _UNTRUSTED in str(error):
        advice = "set SSL_CERT_FILE to a file with the certificate of its authority"
        return Problem(Code.UNAVAILABLE, f"SurrealDB at {url} is not trusted ({error}): {advice}", retry_after=5)
    return Problem(Code.UNAVAILABLE, f"SurrealDB at {url} does not answer ({error}); try again", retry_after=5)

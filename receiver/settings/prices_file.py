"""The file of a user's own prices of models (`examples/prices.yaml`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mapping.errors import Problem
from receiver.settings.yaml_file import Texts, read_yaml


class _Numbers(Texts):
    """Loads scalars as text, except numbers."""


_Numbers.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[0-9]+(?:\.[0-9]+)?$"), list("0123456789"))


def read_prices_file(path: Path | None) -> dict[str, Any] | None:
    """Return the document in the file, for `mapping.calls.pricing.own_prices`; None without a file.

    Raises ValueError that names the file, and the model and key in it.
    """
    if path is None:
        return None
    # It brings an HTTP client: 0.2 s, which no command need wait for.
    from mapping.calls.pricing import own_prices  # noqa: PLC0415

    try:
        document: dict[str, Any] = read_yaml(path, _Numbers)
        own_prices(document)
    except Problem as problem:
        raise ValueError(f"{path}: {problem.message}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return document

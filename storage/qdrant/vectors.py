"""Checks dense vectors before they reach an engine: Edge accepts NaN, and then finds no neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.qdrant.base import Vector


def checked(vector: Vector, dimensions: int | None) -> NDArray[np.float32]:
    """Return the vector as float32. Raises ValueError for another length, and for numbers that are not finite."""
    array = np.asarray(vector, np.float32)
    if array.shape != (dimensions,) or not np.isfinite(array).all():
        raise ValueError(f"expected a vector of {dimensions} finite numbers; got one of shape {array.shape}")
    return array

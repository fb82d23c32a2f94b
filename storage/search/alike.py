"""Hits that are nearly the same, by their signatures: a question that a thousand runs ask, each about another order.

MiniLM reads the first of them only, as long as there are others, and those that it has not read have a place beside the
first one: else a single question would take all of its time.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.qdrant.base import Hit

# The share of bits in which two signatures may differ: a cosine of about 0.68.
_DIFFERENT = 0.275


def first_alike(hits: Sequence[Hit], most: int) -> dict[str, str]:
    """Return by its id, for each hit that is like one before it, the id of the first such hit.

    Hits are compared with the first `most` that are different; one without a signature is like none.
    """
    firsts: list[tuple[int, str]] = []
    alike: dict[str, str] = {}
    for hit in hits:
        if not hit.signature:
            continue
        signature, differing = int(hit.signature, 16), _DIFFERENT * 4 * len(hit.signature)
        for other, first in firsts:
            if (signature ^ other).bit_count() <= differing:
                alike[hit.id] = first
                break
        else:
            if len(firsts) < most:
                firsts.append((signature, hit.id))
    return alike

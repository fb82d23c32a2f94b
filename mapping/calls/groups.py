"""Groups of tellings that tell of one call each, and the rules by which they were joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mapping.calls.model import Telling


class Groups:
    """Tellings that are joined, by union-find; each join remembers its rule under the telling that it brought in."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self._parent = {telling.id: telling.id for telling in tellings}
        self._members = {telling.id: [telling] for telling in tellings}
        self.rules: dict[str, str] = {}
        # Spans that stand around several calls of their kind, and are none themselves.
        self.around: set[str] = set()

    def root(self, telling: Telling) -> str:
        at = telling.id
        while (above := self._parent[at]) != at:
            self._parent[at] = at = self._parent[above]
        return at

    def joined(self, one: Telling, other: Telling) -> bool:
        return self.root(one) == self.root(other)

    def members(self, telling: Telling) -> list[Telling]:
        return self._members[self.root(telling)]

    def join(self, one: Telling, other: Telling, rule: str) -> None:
        first, second = self.root(one), self.root(other)
        if first == second:
            return
        if (len(self._members[first]), second) < (len(self._members[second]), first):
            first, second = second, first
        self._parent[second] = first
        moved = self._members.pop(second)
        self._members[first] += moved
        self.rules.setdefault(other.id, rule)
        self.rules.setdefault(one.id, rule)

    def all(self) -> Iterator[list[Telling]]:
        yield from self._members.values()


def has_span(members: Iterable[Telling]) -> bool:
    return any(member.signal == "span" for member in members)

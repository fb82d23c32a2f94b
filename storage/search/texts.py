"""The text of a hit: the one that was indexed, made of the stored event again."""

from __future__ import annotations

from mapping.search_text.passages import earlier_lines
from mapping.search_text.text import words_of
from storage.qdrant.base import Hit
from storage.surreal.rows import EventRow


def text_of_hit(event: EventRow, hit: Hit, *, is_prompt: bool = False) -> str:
    """Return the text by which an event was found, or the system prompt that was found in it."""
    words = words_of(event["name"], event["properties"])
    if is_prompt:
        return "\n".join(words.prompts)
    if not hit.repeated:
        return words.text()
    # Under the session or the trace that the event had when it was indexed.
    told = frozenset(hit.repeated)
    scopes = [scope for scope in (event["session_id"], event["trace_id"], event["id"]) if scope]
    of_scopes = [earlier_lines(words, scope) for scope in scopes]
    return words.text(
        line for of_scope in of_scopes for key, lines in of_scope.items() if key in told for line in lines
    )

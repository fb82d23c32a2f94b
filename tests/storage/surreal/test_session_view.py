"""The engine's own sums of sessions (`agent_session`) are those of their parts, however these come, change and go."""

from random import Random

from storage.surreal import cbor, rows

_WRITE = """
BEGIN;
DELETE $gone RETURN NONE;
INSERT INTO session_run $new RETURN NONE;
FOR $part IN $changed { UPDATE $part.id CONTENT $part RETURN NONE };
COMMIT;
"""
# In a view, as `true` in a query that groups would be a list.
_SUMS = """
SELECT * OMIT id, listed FROM agent_session ORDER BY session_id;
SELECT session_id, math::min(newest_start) AS newest_start,
    math::min(newest_activity) + math::min(oldest_start) AS longest,
    math::sum(most_tokens) AS most_tokens, math::sum(dearest) AS dearest,
    math::sum(most_events) AS most_events, math::sum(most_errors) AS most_errors
FROM session_run GROUP BY session_id ORDER BY session_id;
"""


def part(rnd, session, trace):
    return {
        "id": cbor.record(rows.SESSION_RUN, [session, trace]),
        "session_id": session,
        "trace_id": trace,
        "newest_start": -rnd.randrange(1000),
        "newest_activity": -rnd.randrange(1000),
        "oldest_start": rnd.randrange(1000),
        **{field: -rnd.randrange(100) for field in ("most_tokens", "dearest", "most_events", "most_errors")},
    }


async def test_sessions_are_the_sums_of_their_parts(database):
    rnd = Random(1)  # noqa: S311 - the same each time
    stored = set()
    sizes = set()
    for _ in range(150):
        gone, new, changed = [], [], []
        for session, trace in {(f"s{rnd.randrange(3)}", f"t{rnd.randrange(4)}") for _ in range(4)}:
            if (session, trace) not in stored:
                stored.add((session, trace))
                new.append(part(rnd, session, trace))
            elif rnd.random() < 0.6:
                stored.remove((session, trace))
                gone.append(cbor.record(rows.SESSION_RUN, [session, trace]))
            else:
                changed.append(part(rnd, session, trace))
        await database.query(_WRITE, gone=gone, new=new, changed=changed)
        kept, summed = await database.query(_SUMS)
        assert kept == summed
        sizes.add(len(kept))
    assert sizes >= {2, 3}  # some session had lost all of its parts

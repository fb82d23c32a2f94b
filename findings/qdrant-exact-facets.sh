#!/usr/bin/env bash
# Qdrant Edge: an exact facet lists values that no point has any more, with count 0, among those that its limit lets
# through; the facet that is not exact leaves them out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check qdrant-edge-py==0.9.0
timeout 60 "$folder/venv/bin/python" - "$folder/shard" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import qdrant_edge as edge

print("qdrant-edge-py", version("qdrant-edge-py"))
Path(sys.argv[1]).mkdir()
shard = edge.EdgeShard.load(sys.argv[1], edge.EdgeConfig(vectors={"v": edge.EdgeVectorParams(2, edge.Distance.Cosine)}))
shard.update(edge.UpdateOperation.create_field_index("agent", edge.PayloadSchemaType.Keyword))
agents = ["planner", "planner", "writer"]
points = [edge.Point(number, {"v": [1.0, float(number)]}, {"agent": agent}) for number, agent in enumerate(agents)]
shard.update(edge.UpdateOperation.upsert_points(points))


def facet(*, exact):
    hits = shard.facet(edge.FacetRequest("agent", limit=10, exact=exact)).hits
    return sorted((str(hit.value), hit.count) for hit in hits)


def shown(when):
    both = facet(exact=False), facet(exact=True)
    print(f"{when}: not exact {both[0]}, exact {both[1]}")
    return both


before = shown("three points")
shard.update(edge.UpdateOperation.delete_points([2]))
deleted = shown("the writer's deleted")
renamed_points = edge.Filter(must=[edge.HasIdCondition({0, 1})])
shard.update(edge.UpdateOperation.set_payload_by_filter(renamed_points, {"agent": "critic"}))
renamed = shown("planner renamed to critic")
shard.close()

seen = (
    before[0] == before[1] == [("planner", 2), ("writer", 1)]
    and deleted == ([("planner", 2)], [("planner", 2), ("writer", 0)])
    and renamed == ([("critic", 2)], [("critic", 2), ("planner", 0), ("writer", 0)])
)
if not seen:
    raise SystemExit("CHANGED: exact facets no longer list values without points, or the others do")
print("SEEN: only the exact facet lists agents that no point has")
PYTHON

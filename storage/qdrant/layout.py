"""Where the embedded index has what: in memory, or in files that are mapped into it.

New points are in a segment in memory, with their words and payload indexes: 2.9 kB each. `optimize` makes a segment of
files of them: 8-bit vectors (quantized), compressed words, and payload indexes, of which the system keeps in memory
what is used. There is no graph (HNSW), which takes three times as long to make: all vectors are compared.
"""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from storage.qdrant.base import DENSE, KEYS, KEYWORDS, TIMESTAMP, WORDS

_FILES = edge.Memory.Cold
_NO_GRAPH = edge.HnswIndexConfig(m=0, ef_construct=0, full_scan_threshold=0, memory=_FILES)
# Whatever is in memory is written when `optimize` is called, to a segment of its own.
_OPTIMIZERS = edge.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1_000)

PAYLOAD_INDEXES: dict[str, Any] = {
    **{field: edge.KeywordIndexParams(memory=_FILES) for field in KEYWORDS},
    **{field: edge.IntegerIndexParams(lookup=True, range=False, memory=_FILES) for field in KEYS},
    TIMESTAMP: edge.DatetimeIndexParams(memory=_FILES),
}


def config_of(dimensions: int | None) -> edge.EdgeConfig:
    """Return the configuration of an index with vectors of so many dimensions, None for one with words only."""
    dense = None
    if dimensions:
        dense = {
            DENSE: edge.EdgeVectorParams(
                dimensions,
                edge.Distance.Cosine,
                datatype=edge.VectorStorageDatatype.Float16,  # half of float32's memory and two thirds of its time
                quantization_config=edge.ScalarQuantizationConfig(edge.ScalarType.Int8, memory=_FILES),
                hnsw_config=_NO_GRAPH,
                memory=_FILES,
            )
        }
    return edge.EdgeConfig(
        vectors=dense,
        sparse_vectors={WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf, memory=_FILES)},
        hnsw_config=_NO_GRAPH,
        optimizers=_OPTIMIZERS,
        payload_memory=_FILES,
        id_tracker_memory=_FILES,
    )

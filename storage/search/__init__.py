"""Search by meaning and by words: asked of the index, fused, re-ranked, shown from the store; facets and the like."""

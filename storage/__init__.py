"""SurrealDB (the truth), Qdrant (the search index) and the embedding model."""

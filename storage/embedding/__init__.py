"""Embedding models: text to vectors, and the model that re-ranks search results."""

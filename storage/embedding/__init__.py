"""Embedding models: text to vectors, and the model that orders what a search found."""

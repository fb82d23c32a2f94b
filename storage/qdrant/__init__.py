"""The search index over events: Qdrant, embedded (`edge`) or a server (`server`), behind one interface (`base`)."""

from tests.storage.indexed import (  # noqa: F401 - fixtures
    caught_up,
    embedder,
    index,
    indexing,
    new_embedder,
    running,
    store,
)

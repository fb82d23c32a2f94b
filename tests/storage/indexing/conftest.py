from tests.storage.indexed import (  # noqa: F401 - fixtures
    caught_up,
    embedder,
    impatient,
    index,
    indexing,
    new_embedder,
    running,
    store,
)

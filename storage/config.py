"""Where and how to store: what storage is told of the receiver's settings."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.alerts.alerts import EVERY as ALERT_EVERY
from storage.alerts.delivery import PAUSES
from storage.alerts.model import Rules
from storage.retention import policy

OFF = "off"


@dataclass(frozen=True, kw_only=True)
class StorageConfig:
    """Where and how to store. Durations are seconds; an empty `qdrant_url` means the embedded index in `data_dir`.

    `surrealdb_pool_size` is the number of connections to a server, 0 for as many as suit this machine's cores.

    `rerank_ms`, 0 for none, is for the model `static` only.
    """

    data_dir: Path
    surrealdb_url: str
    surrealdb_namespace: str
    surrealdb_database: str
    surrealdb_user: str
    surrealdb_password: str
    surrealdb_auth_level: str
    surrealdb_token: str
    surrealdb_pool_size: int
    qdrant_url: str
    qdrant_api_key: str
    qdrant_collection: str
    qdrant_shards: int
    model: str
    threads: int
    rerank_ms: int
    agent_window: float
    conversation_window: float
    idle_close: float
    # One's own prices of models (`mapping.calls.pricing.own_prices`).
    prices: dict[str, Any] | None = None
    # No limit where these are 0.
    retention_days: float = 0.0
    retention_max_events: int = 0
    # Days of projects that have others.
    retention_days_of: Sequence[tuple[str, float]] = ()
    # How long until it is looked again what is to be deleted, and whether a server that was away is back.
    retention_every: float = policy.EVERY
    retry_after: float = 2.0
    # What webhooks are told; how long a run that failed is left to what still comes, how often is looked for what there
    # is to tell, and the pauses between attempts.
    webhooks: Sequence[Rules] = ()
    alert_after: float = 5.0
    alert_every: float = ALERT_EVERY
    alert_pauses: Sequence[float] = PAUSES
    # This program's, which other receivers on the same stores are told.
    version: str = ""

    @property
    def index_place(self) -> str:
        """Return where the search index is, as other receivers are told; "" if there is none."""
        if self.model == OFF:
            return ""
        if self.qdrant_url:
            return f"{self.qdrant_url.rstrip('/')}, collection {self.qdrant_collection},"
        return f"{socket.gethostname()}:{self.data_dir}"

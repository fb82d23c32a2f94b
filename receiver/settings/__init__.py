"""Every setting, once: flags, environment, YAML file, `--help` and docs/reference all come from `model`'s classes.

A setting is a field annotated with `Setting`; its key is its path (`server.port`), its variable the key in capitals
(`VECTADB_SERVER_PORT`). A flag overrides the environment, which overrides the file, which overrides the default.
`python -m receiver.settings` prints that table.
"""

from receiver.settings.keys import ADMIN, INGEST, READ, SCOPES, Key
from receiver.settings.kinds import Secret
from receiver.settings.loading import (
    CONFIG_VARIABLE,
    SettingsError,
    add_config_flag,
    add_data_dir_flag,
    add_flags,
    check,
    is_loopback,
    load,
    markdown,
    table,
    unknown_variables,
)
from receiver.settings.model import (
    Alerts,
    Auth,
    Cors,
    Embedding,
    EventMapping,
    Limits,
    Log,
    Otlp,
    Prices,
    Qdrant,
    Redaction,
    Retention,
    Server,
    Settings,
    Storage,
    SurrealDB,
    Telemetry,
    Tls,
)
from receiver.settings.webhooks import Webhook

__all__ = [
    "ADMIN",
    "CONFIG_VARIABLE",
    "INGEST",
    "READ",
    "SCOPES",
    "Alerts",
    "Auth",
    "Cors",
    "Embedding",
    "EventMapping",
    "Key",
    "Limits",
    "Log",
    "Otlp",
    "Prices",
    "Qdrant",
    "Redaction",
    "Retention",
    "Secret",
    "Server",
    "Settings",
    "SettingsError",
    "Storage",
    "SurrealDB",
    "Telemetry",
    "Tls",
    "Webhook",
    "add_config_flag",
    "add_data_dir_flag",
    "add_flags",
    "check",
    "is_loopback",
    "load",
    "markdown",
    "table",
    "unknown_variables",
]

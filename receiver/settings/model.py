"""The settings: one class per section, one typed field per setting, annotated with its kind, help and flag."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from mapping.sanitize.limits import DEFAULT_LIMITS
from mapping.semantics.projects import PROJECT_ATTRIBUTES
from receiver.settings import kinds
from receiver.settings.keys import ADMIN, KEYS, Key
from receiver.settings.kinds import Secret, SettingKind
from receiver.settings.retention import PROJECT_RETENTIONS, ProjectRetention
from receiver.settings.webhooks import WEBHOOKS, Webhook


class Setting(NamedTuple):
    """The kind, help and flag of a setting. Settings that often change between starts have a flag."""

    kind: SettingKind[Any]
    help: str
    flag: str | None = None


@dataclass(frozen=True)
class Tls:
    cert_file: Annotated[
        Path | None, Setting(kinds.FILE, "PEM file of the certificate and those that lead to its root: serve HTTPS")
    ] = None
    key_file: Annotated[Path | None, Setting(kinds.FILE, "PEM file of the certificate's private key")] = None
    client_ca_file: Annotated[
        Path | None,
        Setting(kinds.FILE, "PEM file of authorities: every client needs a certificate from one of them"),
    ] = None


@dataclass(frozen=True)
class Cors:
    allowed_origins: Annotated[
        tuple[str, ...],
        Setting(kinds.ORIGINS, "web pages that may send and read: https://*.example.com, or * for all; none: off"),
    ] = ()
    allowed_headers: Annotated[
        tuple[str, ...],
        Setting(kinds.HEADER_NAMES, "what pages may send beside the headers the receiver reads, or * for any"),
    ] = ()
    max_age: Annotated[
        float, Setting(kinds.TIMEOUT, "how long a browser may remember the answer to its preflight request")
    ] = 3600.0


@dataclass(frozen=True)
class Server:
    host: Annotated[str, Setting(kinds.TEXT, "address to listen on", "--host")] = "127.0.0.1"
    port: Annotated[
        int, Setting(kinds.PORT, "port for everything over HTTP: OTLP, the API, the web page", "--port")
    ] = 8080
    otlp_port: Annotated[
        int | None,
        Setting(kinds.PORT_OR_OFF, "second port, where OpenTelemetry SDKs send to unasked, or off", "--otlp-port"),
    ] = 4318
    grpc_port: Annotated[
        int | None,
        Setting(
            kinds.PORT_OR_OFF, "port of OTLP over gRPC, where SDKs send that speak it unasked, or off", "--grpc-port"
        ),
    ] = 4317
    insecure: Annotated[
        bool, Setting(kinds.FLAG, "listen on an address that others reach without asking for a key", "--insecure")
    ] = False
    max_body_bytes: Annotated[
        int, Setting(kinds.SIZE, "largest request body, before and after decompression; larger: 413")
    ] = 20 * 1024**2
    max_in_flight_bytes: Annotated[
        int, Setting(kinds.SIZE, "bodies that are being read and stored at a time; further ones are told 503")
    ] = 64 * 1024**2
    max_headers: Annotated[int, Setting(kinds.LIMIT, "most headers of a request; more: 400")] = 100
    max_header_bytes: Annotated[int, Setting(kinds.SIZE, "largest header, and largest request line; larger: 400")] = (
        16 * 1024
    )
    max_connections: Annotated[int, Setting(kinds.LIMIT, "most open connections; further ones are told 503")] = 1000
    header_timeout: Annotated[
        float, Setting(kinds.TIMEOUT, "how long the line and headers of a request may take; longer: 408")
    ] = 10.0
    body_timeout: Annotated[float, Setting(kinds.TIMEOUT, "how long the body of a request may take; longer: 408")] = (
        60.0
    )
    idle_timeout: Annotated[
        float, Setting(kinds.TIMEOUT, "how long a connection may stay open without a request; longer: closed")
    ] = 120.0
    tls: Tls = dataclasses.field(default_factory=Tls)
    cors: Cors = dataclasses.field(default_factory=Cors)


@dataclass(frozen=True)
class Auth:
    api_keys: Annotated[
        tuple[Secret, ...],
        Setting(
            kinds.SECRETS,
            "keys that may do everything (Authorization: Bearer KEY); none here nor in auth.keys: none is asked for",
        ),
    ] = ()
    keys: Annotated[
        tuple[Key, ...],
        Setting(
            KEYS,
            "keys that may do less: a list of {name, key or key_file, scopes, service, project}, read anew on SIGHUP",
        ),
    ] = ()

    @property
    def in_force(self) -> tuple[Key, ...]:
        """Return every key; those of the plain list are named by their place in it."""
        plain = (Key(f"api_keys[{n}]", key, frozenset({ADMIN})) for n, key in enumerate(self.api_keys))
        return (*self.keys, *plain)


@dataclass(frozen=True)
class Otlp:
    metrics: Annotated[
        str,
        Setting(kinds.METRICS, "metrics and profiles, which are not stored: discard (answered 200) or refuse (404)"),
    ] = "discard"


@dataclass(frozen=True)
class SurrealDB:
    url: Annotated[
        str,
        Setting(
            kinds.SURREALDB_URL,
            "ws:// or wss:// server, surrealkv://PATH, mem://; empty: embedded, in data_dir/surreal",
        ),
    ] = ""
    user: Annotated[str, Setting(kinds.TEXT, "user of the server")] = ""
    password: Annotated[Secret, Setting(kinds.SECRET, "password of the server")] = kinds.NO_SECRET
    auth_level: Annotated[
        str, Setting(kinds.AUTH_LEVEL, "where that user is defined (DEFINE USER … ON …): root, namespace or database")
    ] = "root"
    token: Annotated[Secret, Setting(kinds.SECRET, "token to sign in with, instead of user and password")] = (
        kinds.NO_SECRET
    )
    namespace: Annotated[str, Setting(kinds.TEXT, "namespace that holds the database")] = "vectadb"
    database: Annotated[str, Setting(kinds.TEXT, "database that holds traces and events")] = "vectadb"
    pool_size: Annotated[
        int,
        Setting(
            kinds.POOL_SIZE,
            "connections to the server, which uses one core for each; 0: two for each core here, and at least 4",
        ),
    ] = 0


@dataclass(frozen=True)
class Qdrant:
    url: Annotated[str, Setting(kinds.HTTP_URL, "http(s):// server; empty: embedded, in data_dir/qdrant")] = ""
    api_key: Annotated[Secret, Setting(kinds.SECRET, "API key of the server")] = kinds.NO_SECRET
    collection: Annotated[
        str, Setting(kinds.TEXT, "the collection: an alias of the one that serves, whose name begins with this")
    ] = "agent_events"
    shard_number: Annotated[
        int, Setting(kinds.LIMIT, "shards of a collection that is made; more than 1 spread it over a cluster's nodes")
    ] = 1


@dataclass(frozen=True)
class Storage:
    data_dir: Annotated[
        Path,
        Setting(
            kinds.PATH,
            "folder of the embedded stores and the model; where there is no ./data with data, and no checkout, the "
            "user's data folder",
            "--data-dir",
        ),
    ] = Path("data")
    surrealdb: SurrealDB = dataclasses.field(default_factory=SurrealDB)
    qdrant: Qdrant = dataclasses.field(default_factory=Qdrant)

    @property
    def surrealdb_url(self) -> str:
        """Return the URL to connect to; by default the embedded engine's."""
        return self.surrealdb.url or f"surrealkv://{self.data_dir / 'surreal'}"


@dataclass(frozen=True)
class Embedding:
    model: Annotated[
        str, Setting(kinds.TEXT, "static, minilm (both packaged), a fastembed model's name, a model folder, or off")
    ] = "static"
    threads: Annotated[int, Setting(kinds.COUNT, "threads of the model; 0: as many as are useful")] = 0


@dataclass(frozen=True)
class Search:
    rerank_ms: Annotated[
        int, Setting(kinds.COUNT, "milliseconds in which a hybrid search has its best hits re-read by MiniLM; 0: none")
    ] = 150


@dataclass(frozen=True)
class EventMapping:
    agent_window: Annotated[
        float, Setting(kinds.DURATION, "how long an agent's last trace takes its events that name neither")
    ] = 3600.0
    conversation_window: Annotated[
        float,
        Setting(kinds.DURATION, "how long a call of a model may go on with a conversation that its messages repeat"),
    ] = 86400.0
    idle_close: Annotated[
        float, Setting(kinds.DURATION, "how long a trace without a root span may be silent before it is completed")
    ] = 1800.0
    project_attributes: Annotated[
        tuple[str, ...],
        Setting(
            kinds.ATTRIBUTES,
            "attributes of a resource that name its project: the first that it has; empty: no projects",
        ),
    ] = PROJECT_ATTRIBUTES
    rules_file: Annotated[
        Path | None, Setting(kinds.FILE, "YAML file with rules for logs of your own, as examples/rules.yaml")
    ] = None


@dataclass(frozen=True)
class Prices:
    file: Annotated[
        Path | None, Setting(kinds.FILE, "YAML file with prices of models of your own, as examples/prices.yaml")
    ] = None


@dataclass(frozen=True)
class Retention:
    days: Annotated[
        float, Setting(kinds.NUMBER, "traces are deleted so many days after their last activity; 0: never")
    ] = 0.0
    projects: Annotated[
        tuple[ProjectRetention, ...],
        Setting(PROJECT_RETENTIONS, "projects whose traces are deleted after other days: a list of {name, days}"),
    ] = ()
    max_events: Annotated[
        int, Setting(kinds.COUNT, "events kept: of more, the traces silent for longest are deleted; 0: no such limit")
    ] = 0


@dataclass(frozen=True)
class Alerts:
    webhooks: Annotated[
        tuple[Webhook, ...],
        Setting(
            WEBHOOKS,
            "addresses that are told of failed runs, new errors, costs and failure rates: a list of {name, url, ...}",
        ),
    ] = ()
    page_url: Annotated[
        str,
        Setting(
            kinds.HTTP_URL,
            "address of the web page, for links in what they are told; empty: this host's, with server.port",
        ),
    ] = ""


@dataclass(frozen=True)
class Limits:
    items: Annotated[
        int, Setting(kinds.LIMIT, "most spans with their events, log records or events of a request; more: 413")
    ] = DEFAULT_LIMITS.items
    attributes: Annotated[
        int,
        Setting(
            kinds.LIMIT, "attributes kept of a record, entries of a list or map in it; how many more there were is said"
        ),
    ] = DEFAULT_LIMITS.attributes
    value_length: Annotated[
        int,
        Setting(
            kinds.LIMIT,
            "characters of a text, or a list or map as JSON, bytes of a byte string; the rest is cut, with a marker",
        ),
    ] = DEFAULT_LIMITS.value_length
    nesting: Annotated[
        int, Setting(kinds.NESTING, "levels that lists and maps may nest in a value; deeper ones are kept as JSON text")
    ] = DEFAULT_LIMITS.nesting


@dataclass(frozen=True)
class Redaction:
    enabled: Annotated[bool, Setting(kinds.FLAG, "mask secrets before anything is stored or embedded")] = True
    keys: Annotated[
        tuple[str, ...],
        Setting(kinds.TEXTS, "keys whose values are masked beside the usual ones; the end of a key is enough"),
    ] = ()
    values: Annotated[
        tuple[str, ...],
        Setting(kinds.PATTERNS, "regular expressions of what is masked beside the usual credentials, one a line"),
    ] = ()
    keep: Annotated[tuple[str, ...], Setting(kinds.TEXTS, "keys that would be masked and hold no secret here")] = ()


@dataclass(frozen=True)
class Telemetry:
    otlp_endpoint: Annotated[
        str,
        Setting(kinds.HTTP_URL, "Collector that is sent the receiver's own metrics, as http://host:4318; empty: none"),
    ] = ""
    interval: Annotated[float, Setting(kinds.TIMEOUT, "how often they are sent")] = 60.0


@dataclass(frozen=True)
class Log:
    level: Annotated[str, Setting(kinds.LOG_LEVEL, "least severe messages to log", "--log-level")] = "info"


@dataclass(frozen=True)
class Settings:
    """All settings, typed. Durations are seconds, sizes bytes, `otlp_port` and `grpc_port` None when off."""

    server: Server = dataclasses.field(default_factory=Server)
    auth: Auth = dataclasses.field(default_factory=Auth)
    otlp: Otlp = dataclasses.field(default_factory=Otlp)
    storage: Storage = dataclasses.field(default_factory=Storage)
    embedding: Embedding = dataclasses.field(default_factory=Embedding)
    search: Search = dataclasses.field(default_factory=Search)
    mapping: EventMapping = dataclasses.field(default_factory=EventMapping)
    prices: Prices = dataclasses.field(default_factory=Prices)
    retention: Retention = dataclasses.field(default_factory=Retention)
    alerts: Alerts = dataclasses.field(default_factory=Alerts)
    limits: Limits = dataclasses.field(default_factory=Limits)
    redaction: Redaction = dataclasses.field(default_factory=Redaction)
    telemetry: Telemetry = dataclasses.field(default_factory=Telemetry)
    log: Log = dataclasses.field(default_factory=Log)

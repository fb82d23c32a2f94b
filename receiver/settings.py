"""Every setting, once: flags, environment, YAML file, `--help` and the README's table all come from these classes.

A setting is a field annotated with `Setting`; its key is its path (`server.port`), its variable the key in capitals
(`VECTADB_SERVER_PORT`). A flag decides before the environment, that before the file, and that before the default.
`python -m receiver.settings` prints the README's table.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

from mapping.limits import DEFAULT_LIMITS
from receiver import kinds
from receiver.config_file import read_config_file
from receiver.kinds import Kind, Secret
from receiver.rules_file import read_rules_file

PREFIX = "VECTADB_"
CONFIG_VARIABLE = "VECTADB_CONFIG"

_S = TypeVar("_S")


class SettingsError(ValueError):
    """A setting that cannot be used. The message is one line: which setting, where it came from, what is allowed."""


class Setting(NamedTuple):
    """What a field's type and default do not say. Flags are for what one changes from start to start."""

    kind: Kind[Any]
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
    port: Annotated[int, Setting(kinds.PORT, "port for everything: OTLP, the API, the web page", "--port")] = 8080
    otlp_port: Annotated[
        int | None,
        Setting(kinds.PORT_OR_OFF, "second port, where OpenTelemetry SDKs send to unasked, or off", "--otlp-port"),
    ] = 4318
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
        Setting(kinds.SECRETS, "keys that clients may send (Authorization: Bearer KEY); none: no key is asked for"),
    ] = ()


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
    namespace: Annotated[str, Setting(kinds.TEXT, "namespace that holds the database")] = "vectadb"
    database: Annotated[str, Setting(kinds.TEXT, "database that holds traces and events")] = "vectadb"


@dataclass(frozen=True)
class Qdrant:
    url: Annotated[str, Setting(kinds.HTTP_URL, "http(s):// server; empty: embedded, in data_dir/qdrant")] = ""
    api_key: Annotated[Secret, Setting(kinds.SECRET, "API key of the server")] = kinds.NO_SECRET
    collection: Annotated[str, Setting(kinds.TEXT, "collection that holds the search index")] = "agent_events"


@dataclass(frozen=True)
class Storage:
    data_dir: Annotated[Path, Setting(kinds.PATH, "folder of the embedded stores and the model", "--data-dir")] = Path(
        "data"
    )
    surrealdb: SurrealDB = dataclasses.field(default_factory=SurrealDB)
    qdrant: Qdrant = dataclasses.field(default_factory=Qdrant)

    @property
    def surrealdb_url(self) -> str:
        """The URL to connect to, the embedded engine's included."""
        return self.surrealdb.url or f"surrealkv://{self.data_dir / 'surreal'}"


@dataclass(frozen=True)
class Embedding:
    model: Annotated[
        str, Setting(kinds.TEXT, "minilm (packaged), a fastembed model's name, a model folder, or off")
    ] = "minilm"
    threads: Annotated[int, Setting(kinds.COUNT, "threads of the model; 0: as many as are useful")] = 0


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
    rules_file: Annotated[
        Path | None, Setting(kinds.FILE, "YAML file with rules for logs of your own, as examples/rules.yaml")
    ] = None


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
        int, Setting(kinds.LIMIT, "characters kept of a text, bytes of a byte string; the rest is cut with a marker")
    ] = DEFAULT_LIMITS.value_length


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
class Log:
    level: Annotated[str, Setting(kinds.LOG_LEVEL, "least severe messages to log", "--log-level")] = "info"


@dataclass(frozen=True)
class Settings:
    """All settings, typed. Durations are seconds, sizes bytes, `otlp_port` None when off."""

    server: Server = dataclasses.field(default_factory=Server)
    auth: Auth = dataclasses.field(default_factory=Auth)
    storage: Storage = dataclasses.field(default_factory=Storage)
    embedding: Embedding = dataclasses.field(default_factory=Embedding)
    mapping: EventMapping = dataclasses.field(default_factory=EventMapping)
    limits: Limits = dataclasses.field(default_factory=Limits)
    redaction: Redaction = dataclasses.field(default_factory=Redaction)
    log: Log = dataclasses.field(default_factory=Log)


class Row(NamedTuple):
    """A setting as the table shows it. `default` is as one would write it, `file_env` only for secrets."""

    key: str
    kind: Kind[Any]
    default: str
    env: str
    file_env: str | None
    flag: str | None
    help: str


def table() -> dict[str, Row]:
    """Give every setting by its key, in the order of the classes."""
    return {row.key: row for row in _rows(Settings(), "")}


def _rows(section: Any, prefix: str) -> Iterator[Row]:
    hints = get_type_hints(type(section), include_extras=True)
    for field in dataclasses.fields(section):
        key, value = f"{prefix}{field.name}", getattr(section, field.name)
        if dataclasses.is_dataclass(value):
            yield from _rows(value, f"{key}.")
            continue
        (setting,) = hints[field.name].__metadata__
        env = PREFIX + key.replace(".", "_").upper()
        file_env = f"{env}_FILE" if setting.kind.secret else None
        yield Row(key, setting.kind, setting.kind.show(value), env, file_env, setting.flag, setting.help)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the table's flags and `--config`, and the settings without a flag below them. `load` reads what was given."""
    add_config_flag(parser)
    epilog = ["more settings, from the environment or the file (server.port is `server:` with `port:` below it there):"]
    for row in table().values():
        if row.flag is None:
            epilog += [f"  {row.env}", f"      {row.help}" + (f" (default {row.default})" if row.default else "")]
            continue
        text = f"{row.help} (default {row.default}; {row.env})"
        if row.kind is kinds.FLAG:
            parser.add_argument(row.flag, dest=row.key, action="store_const", const="true", help=text)
        else:
            parser.add_argument(row.flag, dest=row.key, metavar=row.kind.name.upper(), help=text)
    parser.epilog = "\n".join(epilog)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def add_config_flag(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--config", metavar="FILE", help=f"YAML file with settings ({CONFIG_VARIABLE})")


def load(args: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """Read the settings from the flags, the environment and the file that either of them names.

    Raises SettingsError for unknown keys and values that are not allowed.
    """
    rows = table()
    config = getattr(args, "config", None) or environ.get(CONFIG_VARIABLE)
    given: dict[str, tuple[Any, str]] = {}
    if config:
        given |= _from_file(Path(config), rows, environ)
    given |= _from_environment(rows, environ)
    for row in rows.values():
        value = getattr(args, row.key, None)
        if row.flag and value is not None:
            given[row.key] = (value, row.flag)
    return _build(Settings, "", {key: _parse(rows[key], *found) for key, found in given.items()})


def _from_file(path: Path, rows: dict[str, Row], environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    try:
        given = {key: (value, str(path)) for key, value in read_config_file(path, environ)}
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: nested too deep, or a key that contains itself") from None
    for key in given:
        if key not in rows:
            raise SettingsError(f"{path}: unknown key {key}; {_allowed(key, list(rows))}")
    return given


def _from_environment(rows: dict[str, Row], environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Read the variables. An empty one counts as absent, as OpenTelemetry's do."""
    known = {name for row in rows.values() for name in (row.env, row.file_env) if name}
    sections = tuple({f"{PREFIX}{key.split('.')[0].upper()}_" for key in rows})
    for name in environ:
        # Other names that start with VECTADB_ are not ours to judge: Kubernetes makes some for a service of that name.
        if name.startswith(sections) and name not in known:
            raise SettingsError(f"unknown variable {name}; {_allowed(name, sorted(known))}")
    given: dict[str, tuple[Any, str]] = {}
    for row in rows.values():
        value, path = environ.get(row.env), environ.get(row.file_env or "")
        if value and path:
            raise SettingsError(f"{row.key}: set {row.env} or {row.file_env}, not both")
        if value:
            given[row.key] = (value, row.env)
        elif path:
            try:
                given[row.key] = (Path(path).read_text("utf-8").strip(), f"{row.file_env}")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                raise SettingsError(f"{row.key} ({row.file_env}): cannot read {path}: {reason}") from None
    return given


def _allowed(wrong: str, right: list[str]) -> str:
    """Say which names are near, or all of them."""
    section = wrong.rpartition(".")[0] if "." in wrong else None
    names = [name for name in right if section and name.rpartition(".")[0] == section]
    near = difflib.get_close_matches(wrong, right, n=1, cutoff=0.8)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(names or right)}"


def _parse(row: Row, value: Any, where: str) -> Any:
    try:
        return row.kind.parse(value)
    except ValueError:
        got = "" if row.kind.secret else f"; got {value!r}"
        raise SettingsError(f"{row.key} ({where}): expected {row.kind.allowed}{got}") from None


def _build(section: type[_S], prefix: str, values: dict[str, Any]) -> _S:
    arguments: dict[str, Any] = {}
    for name, hint in get_type_hints(section).items():
        if dataclasses.is_dataclass(hint):
            arguments[name] = _build(hint, f"{prefix}{name}.", values)  # type: ignore[arg-type]
        elif f"{prefix}{name}" in values:
            arguments[name] = values[f"{prefix}{name}"]
    return section(**arguments)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check(settings: Settings) -> None:
    """Refuse settings that are fine each by itself and not together, and rules that are none. Raises SettingsError."""
    server = settings.server
    if not (is_loopback(server.host) or settings.auth.api_keys or server.insecure):
        raise SettingsError(
            f"server.host {server.host} can be reached by others and no API key is set: set one "
            f"({PREFIX}AUTH_API_KEYS=KEY, or auth.api_keys in the file), or pass --insecure to do without"
        )
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file"), ("client_ca_file", "cert_file")):
        if getattr(server.tls, key) and not getattr(server.tls, other):
            raise SettingsError(f"server.tls.{key} is set and server.tls.{other} is not: HTTPS needs both")
    if server.port == server.otlp_port != 0:
        raise SettingsError(
            f"server.port and server.otlp_port are both {server.port}: the first takes OTLP too, pass --otlp-port off"
        )
    try:
        read_rules_file(settings.mapping.rules_file)
    except ValueError as error:
        raise SettingsError(f"mapping.rules_file: {error}") from None


def markdown() -> str:
    """Give the table as the README shows it between its `settings` markers."""
    lines = ["| setting | default | flag | environment | |", "|---|---|---|---|---|"]
    for row in table().values():
        env = f"`{row.env}`" + (" or `…_FILE`" if row.file_env else "")
        flag = f"`{row.flag}`" if row.flag else ""
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.key}` | {default} | {flag} | {env} | {row.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201 - a command line prints

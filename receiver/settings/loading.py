"""Settings from flags, environment and YAML file, and the table of them that `--help` and docs/reference show."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import ipaddress
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints
from urllib.parse import urlsplit

from receiver.settings import kinds
from receiver.settings.data_home import data_home
from receiver.settings.kinds import SettingKind
from receiver.settings.model import Server, Settings
from receiver.settings.prices_file import read_prices_file
from receiver.settings.rules_file import read_rules_file
from receiver.settings.yaml_file import read_config_file

PREFIX = "VECTADB_"
CONFIG_VARIABLE = "VECTADB_CONFIG"
# Variables of our clients, examples and tests, and those that Kubernetes sets for a service whose name begins alike.
_OF_OTHERS = re.compile(
    f"{PREFIX}(CONFIG|URL|API_KEY|ENDPOINT|GRPC_ENDPOINT|TEST_.*|(.*_)?SERVICE_(HOST|PORT)(_.*)?|(.*_)?PORT_\\d+_.*)"
)
_URL_OF_KUBERNETES = re.compile(r"(tcp|udp|sctp)://.*")

_S = TypeVar("_S")


class SettingsError(ValueError):
    """A setting is invalid. The message is one line: which setting, where it was set, what is allowed."""


class SettingRow(NamedTuple):
    """A setting in the table. `default` is in the form that a user writes; `file_env` is set only for secrets."""

    key: str
    kind: SettingKind[Any]
    default: str
    env: str
    file_env: str | None
    flag: str | None
    help: str


def table() -> dict[str, SettingRow]:
    """Return every setting by its key, in the order of the classes."""
    return {row.key: row for row in _rows(Settings(), "")}


def _rows(section: Any, prefix: str) -> Iterator[SettingRow]:
    hints = get_type_hints(type(section), include_extras=True)
    for field in dataclasses.fields(section):
        key, value = f"{prefix}{field.name}", getattr(section, field.name)
        if dataclasses.is_dataclass(value):
            yield from _rows(value, f"{key}.")
            continue
        (setting,) = hints[field.name].__metadata__
        env = PREFIX + key.replace(".", "_").upper()
        file_env = f"{env}_FILE" if setting.kind.secret else None
        yield SettingRow(key, setting.kind, setting.kind.show(value), env, file_env, setting.flag, setting.help)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the table's flags and `--config`, and list the settings without a flag below them. `load` reads the flags."""
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


def add_data_dir_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--data-dir` and `--config`, for commands that use the embedded stores without a receiver."""
    row = table()["storage.data_dir"]
    parser.add_argument("--data-dir", dest=row.key, metavar="DIR", help=f"{row.help} ({row.env})")
    add_config_flag(parser)


def load(args: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """Return the settings from the flags, the environment and the file that either of them names.

    Raises SettingsError for unknown keys and values that are not allowed.
    """
    rows = table()
    config = getattr(args, "config", None) or environ.get(CONFIG_VARIABLE)
    texts: dict[str, tuple[Any, str]] = {}
    if config:
        texts |= _from_file(Path(config), rows, environ)
    texts |= _from_environment(rows, environ)
    for row in rows.values():
        value = getattr(args, row.key, None)
        if row.flag and value is not None:
            texts[row.key] = (value, row.flag)
    values = {key: _parse(rows[key], *text) for key, text in texts.items()}
    if "storage.data_dir" not in values:
        values["storage.data_dir"] = data_home(Path.cwd())
        if values["storage.data_dir"] is None:
            row = rows["storage.data_dir"]
            raise SettingsError(f"this user has no home folder to keep data in: name one with {row.flag} or {row.env}")
    return _build(Settings, "", values)


def _from_file(path: Path, rows: dict[str, SettingRow], environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    try:
        texts = {key: (value, str(path)) for key, value in read_config_file(path, environ)}
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: nested too deep, or a key that contains itself") from None
    for key in texts:
        if key not in rows:
            raise SettingsError(f"{path}: unknown key {key}; {_allowed(key, list(rows))}")
    return texts


def _from_environment(rows: dict[str, SettingRow], environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Return the settings in the environment. An empty variable counts as absent, as in OpenTelemetry."""
    known, sections = _variables(rows), _sections(rows)
    for name in environ:
        # Other names that start with VECTADB_ are not errors (`unknown_variables`): others may set some.
        if name.startswith(sections) and name not in known:
            raise SettingsError(f"unknown variable {name}; {_allowed(name, sorted(known))}")
    texts: dict[str, tuple[Any, str]] = {}
    for row in rows.values():
        value, path = environ.get(row.env), environ.get(row.file_env or "")
        if value and path:
            raise SettingsError(f"{row.key}: set {row.env} or {row.file_env}, not both")
        if value:
            texts[row.key] = (value, row.env)
        elif path:
            try:
                texts[row.key] = (Path(path).read_text("utf-8").strip(), f"{row.file_env}")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                raise SettingsError(f"{row.key} ({row.file_env}): cannot read {path}: {reason}") from None
    return texts


def _variables(rows: dict[str, SettingRow]) -> set[str]:
    return {name for row in rows.values() for name in (row.env, row.file_env) if name}


def _sections(rows: dict[str, SettingRow]) -> tuple[str, ...]:
    return tuple({f"{PREFIX}{key.split('.')[0].upper()}_" for key in rows})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line for each variable that looks like a setting, is none, and is no error for `load`."""
    rows = table()
    known, sections = _variables(rows), _sections(rows)
    return [
        f"unknown variable {name} is ignored; {_near(name, sorted(known)) or 'no setting has a name like it'}"
        for name, value in environ.items()
        if name.startswith(PREFIX)
        and value
        and name not in known
        and not name.startswith(sections)
        and not _OF_OTHERS.fullmatch(name)
        and not _URL_OF_KUBERNETES.fullmatch(value)
    ]


def _allowed(wrong: str, right: list[str]) -> str:
    """Return words that name the similar names, or all of them."""
    section = wrong.rpartition(".")[0] if "." in wrong else None
    names = [name for name in right if section and name.rpartition(".")[0] == section]
    return _near(wrong, right) or f"allowed: {', '.join(names or right)}"


def _near(wrong: str, right: list[str]) -> str | None:
    near = difflib.get_close_matches(wrong, right, n=1, cutoff=0.8)
    return f"did you mean {near[0]}?" if near else None


def _parse(row: SettingRow, value: Any, where: str) -> Any:
    try:
        return row.kind.parse(value)
    except kinds.Expected as error:
        raise SettingsError(f"{row.key} ({where}): {error}") from None
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


def _is_own(endpoint: str, server: Server) -> bool:
    url = urlsplit(endpoint)
    port = url.port or {"https": 443}.get(url.scheme, 80)
    if not url.hostname or port not in {server.port, server.otlp_port}:
        return False
    listens_on_all = server.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    names = {server.host, socket.gethostname()} if listens_on_all else {server.host}
    return url.hostname in names or (is_loopback(url.hostname) and (listens_on_all or is_loopback(server.host)))


def check(settings: Settings) -> None:
    """Raise SettingsError for settings that do not fit together, and for invalid files of rules or prices."""
    server = settings.server
    if not (is_loopback(server.host) or settings.auth.in_force or server.insecure):
        raise SettingsError(
            f"server.host {server.host} can be reached by others and no API key is set: set one "
            f"({PREFIX}AUTH_API_KEYS=KEY, or auth.api_keys in the file), or pass --insecure to do without"
        )
    if twice := [key.name for key in settings.auth.keys if key.key in settings.auth.api_keys]:
        raise SettingsError(f"auth.keys: {', '.join(twice)} is in auth.api_keys, too, where it may do everything")
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file"), ("client_ca_file", "cert_file")):
        if getattr(server.tls, key) and not getattr(server.tls, other):
            raise SettingsError(f"server.tls.{key} is set and server.tls.{other} is not: HTTPS needs both")
    if server.port == server.otlp_port != 0:
        raise SettingsError(
            f"server.port and server.otlp_port are both {server.port}: the first takes OTLP too, pass --otlp-port off"
        )
    for name in ("port", "otlp_port"):
        if server.grpc_port == getattr(server, name) and server.grpc_port:
            raise SettingsError(
                f"server.{name} and server.grpc_port are both {server.grpc_port}: pass another --grpc-port, or "
                "--grpc-port off"
            )
    if _is_own(settings.telemetry.otlp_endpoint, server):
        raise SettingsError(
            f"telemetry.otlp_endpoint {settings.telemetry.otlp_endpoint} is this receiver itself, which stores no "
            "metrics: name a Collector's address, or leave it empty and read /metrics"
        )
    _check_file("mapping.rules_file", read_rules_file, settings.mapping.rules_file)
    _check_file("prices.file", read_prices_file, settings.prices.file)


def _check_file(key: str, read: Callable[[Path | None], Any], path: Path | None) -> None:
    try:
        read(path)
    except ValueError as error:
        raise SettingsError(f"{key}: {error}") from None


def markdown() -> str:
    """Return the table as docs/reference/settings.md has it between its `settings` markers."""
    lines = ["| setting | default | flag | environment | |", "|---|---|---|---|---|"]
    for row in table().values():
        env = f"`{row.env}`" + (" or `…_FILE`" if row.file_env else "")
        flag = f"`{row.flag}`" if row.flag else ""
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.key}` | {default} | {flag} | {env} | {row.help} |")
    return "\n".join(lines) + "\n"

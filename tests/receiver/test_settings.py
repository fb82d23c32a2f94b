import argparse
import base64
import json
import socket
from pathlib import Path

import pytest

from receiver.settings import Settings, SettingsError, add_flags, check, load, markdown, table, unknown_variables
from storage.alerts.model import Rules


def read(*flags: str, config: Path | None = None, **environ: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    given = [*flags] if config is None else ["--config", str(config), *flags]
    return load(parser.parse_args(given), environ)


@pytest.fixture
def config(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write


def test_without_anything_the_defaults_hold():
    settings = read()
    assert settings == Settings()
    assert (settings.server.host, settings.server.port, settings.server.otlp_port) == ("127.0.0.1", 8080, 4318)
    assert settings.server.max_body_bytes == 20 * 1024 * 1024
    assert settings.auth.api_keys == ()
    assert settings.storage.surrealdb_url == "surrealkv://data/surreal"


def test_a_flag_decides_before_the_environment_that_before_the_file_that_before_the_default(config):
    file = config("server:\n  port: 1001\n  otlp_port: 1002\n  host: localhost\n")
    settings = read("--port", "3001", config=file, VECTADB_SERVER_PORT="2001", VECTADB_SERVER_OTLP_PORT="2002")
    assert (settings.server.port, settings.server.otlp_port, settings.server.host) == (3001, 2002, "localhost")
    assert settings.server.max_body_bytes == Settings().server.max_body_bytes


def test_numbers_need_no_quotes_in_the_file(config):
    settings = read(config=config("retention: {days: 0.5, max_events: 1000}"))
    assert (settings.retention.days, settings.retention.max_events) == (0.5, 1000)


@pytest.mark.parametrize("text", ["-1", "1e3", "nan", "inf", "1.", ".5", "30d", "٣"])
def test_days_are_a_plain_number(text):
    with pytest.raises(SettingsError, match=r"VECTADB_RETENTION_DAYS.*a number, 0 or more"):
        read(VECTADB_RETENTION_DAYS=text)


def test_the_environment_may_name_the_file(config):
    assert read(VECTADB_CONFIG=str(config("server: {port: 1001}"))).server.port == 1001


def test_an_empty_variable_counts_as_absent():
    assert read(VECTADB_SERVER_PORT="").server.port == 8080


def test_variables_of_others_that_begin_alike_are_left_alone():
    # Kubernetes makes these for a service named "vectadb".
    assert read(VECTADB_PORT="tcp://10.0.0.1:8080", VECTADB_SERVICE_HOST="10.0.0.1") == Settings()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("server.otlp_port", "off", None),
        ("server.otlp_port", "OFF", None),
        ("server.port", "0", 0),
        ("server.insecure", "Yes", True),
        ("server.max_body_bytes", "1024", 1024),
        ("server.max_body_bytes", "4 MiB", 4 * 1024**2),
        ("auth.api_keys", "one, two,", ("one", "two")),
        ("auth.api_keys", "one\ntwo\n", ("one", "two")),
        ("storage.data_dir", "/var/lib/receiver", Path("/var/lib/receiver")),
        ("storage.surrealdb.url", "wss://db.example.org/", "wss://db.example.org"),
        ("storage.surrealdb.url", "surrealkv:///var/lib/surreal", "surrealkv:///var/lib/surreal"),
        ("storage.surrealdb.url", "surrealkv://data/elsewhere", "surrealkv://data/elsewhere"),
        ("storage.surrealdb.url", "mem://", "mem://"),
        ("server.tls.cert_file", "/etc/receiver.pem", Path("/etc/receiver.pem")),
        (
            "server.cors.allowed_origins",
            "https://*.example.com, http://localhost:3000",
            ("https://*.example.com", "http://localhost:3000"),
        ),
        ("server.cors.allowed_origins", "*", ("*",)),
        ("server.cors.allowed_headers", "X-Tenant,baggage", ("X-Tenant", "baggage")),
        ("server.max_connections", "1", 1),
        ("server.body_timeout", "500ms", 0.5),
        ("storage.qdrant.url", "https://qdrant.example.org:6334", "https://qdrant.example.org:6334"),
        ("embedding.model", "off", "off"),
        ("mapping.agent_window", "1h30m", 5400.0),
        ("mapping.conversation_window", "12h", 43200.0),
        ("mapping.idle_close", "250ms", 0.25),
        ("retention.days", "0.5", 0.5),
        ("retention.days", "30", 30.0),
        ("retention.max_events", "1000000", 1_000_000),
        ("log.level", "DEBUG", "debug"),
    ],
)
def test_every_kind_of_value_is_read_alike_from_environment_and_file(config, key, text, value):
    for settings in (
        read(**{table()[key].env: text}),
        read(config=config(f"{{{key.replace('.', ': {')}: {text!r}{'}' * key.count('.')}}}".replace("'", '"'))),
    ):
        found = settings
        for name in key.split("."):
            found = getattr(found, name)
        assert found == value


class TestSecrets:
    def test_come_from_a_file(self, tmp_path):
        (tmp_path / "keys").write_text("one\ntwo\n")
        assert read(VECTADB_AUTH_API_KEYS_FILE=str(tmp_path / "keys")).auth.api_keys == ("one", "two")

    def test_are_a_list_in_the_configuration_file(self, config):
        assert read(config=config("auth:\n  api_keys: [one, two]\n")).auth.api_keys == ("one", "two")

    def test_are_not_shown(self):
        settings = read(VECTADB_AUTH_API_KEYS="hunter2", VECTADB_STORAGE_SURREALDB_PASSWORD="hunter2")
        assert "hunter2" not in repr(settings)

    def test_are_not_shown_when_they_are_wrong(self):
        with pytest.raises(SettingsError, match=r"auth.api_keys.*expected") as error:
            read(VECTADB_AUTH_API_KEYS="hunter2 hunter3")
        assert "hunter" not in str(error.value)

    def test_from_an_empty_file_are_an_error_and_not_an_open_door(self, tmp_path):
        (tmp_path / "keys").write_text("\n")
        with pytest.raises(SettingsError, match=r"auth.api_keys"):
            read(VECTADB_AUTH_API_KEYS_FILE=str(tmp_path / "keys"))

    def test_from_a_missing_file_are_an_error_that_names_it(self):
        with pytest.raises(SettingsError, match=r"VECTADB_AUTH_API_KEYS_FILE.*cannot read /no/such: No such file"):
            read(VECTADB_AUTH_API_KEYS_FILE="/no/such")

    def test_are_given_once(self):
        with pytest.raises(SettingsError, match="VECTADB_AUTH_API_KEYS or VECTADB_AUTH_API_KEYS_FILE, not both"):
            read(VECTADB_AUTH_API_KEYS="one", VECTADB_AUTH_API_KEYS_FILE="keys")


class TestNamedKeys:
    def test_come_with_what_they_may_do(self, config, tmp_path):
        (tmp_path / "key").write_text("two\n")
        text = f"""
auth:
  api_keys: zero
  keys:
    - {{name: agents, key: "${{env:KEY}}", scopes: [ingest], service: shop}}
    - {{name: page, key_file: {tmp_path / "key"}, scopes: "read, ingest", project: the bank}}
"""
        auth = read(config=config(text), KEY="one").auth
        assert [(key.name, key.key, sorted(key.scopes), key.service, key.project) for key in auth.in_force] == [
            ("agents", "one", ["ingest"], "shop", ""),
            ("page", "two", ["ingest", "read"], "", "the bank"),
            ("api_keys[0]", "zero", ["admin"], "", ""),
        ]

    def test_are_a_list_in_the_environment_too(self):
        keys = read(VECTADB_AUTH_KEYS='[{"name": "page", "key": "one", "scopes": ["read"]}]').auth.keys
        assert [(key.name, key.key) for key in keys] == [("page", "one")]

    def test_are_keys_for_an_address_that_others_reach(self):
        keys = "[{name: page, key: one, scopes: read}]"
        check(read("--host", "10.1.2.3", VECTADB_AUTH_KEYS=keys))

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("one", "key 1: expected `object`, got `str`"),
            ("{key: hunter2, scopes: read}", "key 1: object missing required field `name`"),
            ("{name: a b, key: hunter2, scopes: read}", "key 1: name: expected `str` matching regex"),
            ("{name: a, key: hunter2}", "key 1: object missing required field `scopes`"),
            ("{name: a, key: hunter2, scope: read}", "key 1: object (missing required|contains unknown) field"),
            (
                "{name: a, key: hunter2, scopes: reed}",
                r"key 1 \(a\): scopes: expected one or more of ingest, read, admin",
            ),
            ("{name: a, key: hunter2, scopes: []}", r"key 1 \(a\): scopes: expected one or more"),
            ("{name: a, scopes: read}", r"key 1 \(a\): expected either key or key_file"),
            ("{name: a, key: hunter2, key_file: f, scopes: read}", r"key 1 \(a\): expected either key or key_file"),
            ("{name: a, key: hunter 2, scopes: read}", r"key 1 \(a\): expected a key of printable ASCII"),
            ("{name: a, key: '', scopes: read}", r"key 1 \(a\): expected"),
            ("{name: a, key: hunter2, scopes: read, project: ''}", "key 1: project: expected `str` of length >= 1"),
            (
                "{name: a, key: hunter2, scopes: read, project: ' x'}",
                r"key 1 \(a\): project: expected text on one line",
            ),
            (
                "{name: a, key_file: /no/such, scopes: read}",
                r"key 1 \(a\): key_file: cannot read /no/such: No such file",
            ),
            (
                "{name: a, key: x, scopes: read}, {name: a, key: y, scopes: read}",
                "each name once; a and a have the same",
            ),
            (
                "{name: a, key: x, scopes: read}, {name: b, key: x, scopes: read}",
                "each key once; a and b have the same",
            ),
        ],
    )
    def test_that_are_wrong_are_errors_that_name_them_and_show_no_key(self, config, row, message):
        with pytest.raises(SettingsError, match=rf"auth.keys \(.*\): .*{message}") as error:
            read(config=config(f"auth: {{keys: [{row}]}}"))
        assert "hunter" not in str(error.value)
        with pytest.raises(SettingsError, match=rf"auth.keys \(VECTADB_AUTH_KEYS\): .*{message}"):
            read(VECTADB_AUTH_KEYS=f"[{row}]")

    @pytest.mark.parametrize("text", ["one", "{a: b}", "[", "3"])
    def test_are_a_list(self, text):
        with pytest.raises(SettingsError, match=r"auth.keys \(VECTADB_AUTH_KEYS\): expected a list of"):
            read(VECTADB_AUTH_KEYS=text)

    def test_are_not_among_the_others(self):
        keys = "[{name: page, key: one, scopes: read}]"
        with pytest.raises(SettingsError, match=r"auth.keys: page is in auth.api_keys, too"):
            check(read(VECTADB_AUTH_API_KEYS="zero,one", VECTADB_AUTH_KEYS=keys))


class TestProjects:
    def test_are_named_by_attributes_and_may_have_days_of_their_own(self, config):
        assert read().mapping.project_attributes == ("service.namespace", "openinference.project.name")
        text = """
mapping: {project_attributes: [team, service.namespace]}
retention:
  projects:
    - {name: trial, days: 0.5}
    - {name: the audit, days: 0}
"""
        settings = read(config=config(text))
        assert settings.mapping.project_attributes == ("team", "service.namespace")
        assert settings.retention.projects == (("trial", 0.5), ("the audit", 0))
        same = read(VECTADB_RETENTION_PROJECTS='[{"name": "trial", "days": 0.5}, {"name": "the audit", "days": 0}]')
        assert same.retention.projects == settings.retention.projects
        off = read(config=config("mapping: {project_attributes: []}"))
        assert off.mapping.project_attributes == ()

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ("{name: a}", "project 1: object missing required field `days`"),
            ("{name: a, days: many}", "project 1: days: expected `str` matching regex"),
            ("{name: a, days: -1}", "project 1: days: expected"),
            ("{name: '', days: 1}", "project 1: name: expected"),
            ("{name: a, days: 1, max: 2}", "project 1: object contains unknown field `max`"),
            ("{name: a, days: 1}, {name: a, days: 2}", "expected each name once; a and a have the same"),
            ("a", "project 1: expected `object`"),
        ],
    )
    def test_that_are_wrong_are_errors_that_say_so(self, rows, message):
        with pytest.raises(SettingsError, match=rf"retention.projects \(VECTADB_RETENTION_PROJECTS\): .*{message}"):
            read(VECTADB_RETENTION_PROJECTS=f"[{rows}]")


class TestWebhooks:
    SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

    def read(self, **fields):
        row = {"name": "ops", "url": "https://hooks.example.com/x/", "secret": self.SECRET, "on": ["failed_run"]}
        return read(VECTADB_ALERTS_WEBHOOKS=json.dumps([row | fields])).alerts.webhooks

    def test_are_read_from_a_file_with_the_secret_in_another(self, config, tmp_path):
        (tmp_path / "secret").write_text(f"{self.SECRET}\n")
        text = f"""
alerts:
  page_url: https://agents.example.com/
  webhooks:
    - name: ops
      url: https://hooks.example.com/x/
      secret_file: {tmp_path / "secret"}
      on: [failed_run, cost, failure_rate]
      cost_usd: 12.5
      failure_percent: 20
      min_runs: 30
      span: 1d
      per_minute: 3
    - {{name: all, url: "http://127.0.0.1:9/", secret: {self.SECRET.removeprefix("whsec_")}, on: new_error}}
"""
        alerts = read(config=config(text)).alerts
        ops, everything = alerts.webhooks
        assert (ops.url, ops.key_bytes, alerts.page_url) == (
            "https://hooks.example.com/x/",
            bytes(range(32)),
            "https://agents.example.com",
        )
        assert ops.rules == Rules(
            "ops", frozenset(("failed_run", "cost", "failure_rate")), 24, 12_500_000_000, 0.2, 30, 3
        )
        assert everything.rules == Rules("all", frozenset(("new_error",)), min_runs=10)
        assert self.SECRET[6:] not in repr(alerts)
        assert "hooks.example.com" not in repr(alerts)

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"name": "a b"}, "webhook 1: name: expected `str` matching regex"),
            (
                {"on": ["failed"]},
                r"webhook 1 \(ops\): on: expected one or more of failed_run, new_error, cost, failure",
            ),
            ({"on": []}, r"webhook 1 \(ops\): on: expected one or more of"),
            ({"url": "ftp://x"}, r"webhook 1 \(ops\): url: expected an http:// or https:// address without user"),
            ({"url": "https://user:hunter2@x"}, r"url: expected an http:// or https:// address without user"),
            ({"secret": "hunter2"}, r"webhook 1 \(ops\): expected a secret of 24 to 64 bytes in base64"),
            ({"secret": None}, r"webhook 1 \(ops\): expected either secret or secret_file"),
            ({"secret_file": "f"}, r"webhook 1 \(ops\): expected either secret or secret_file"),
            ({"on": ["cost"]}, r"expected cost_usd where `on` has cost, and only there"),
            ({"failure_percent": 5}, r"expected failure_percent where `on` has failure_rate, and only there"),
            ({"on": ["cost"], "cost_usd": 0}, r"cost_usd: expected a number above 0, up to 1000000"),
            ({"on": ["cost"], "cost_usd": "nan"}, r"cost_usd: expected a number above 0"),
            (
                {"on": ["failure_rate"], "failure_percent": 101},
                r"failure_percent: expected a number above 0, up to 100",
            ),
            ({"span": "90m"}, r"span: expected whole hours up to 28d"),
            ({"span": "29d"}, r"span: expected whole hours up to 28d"),
            ({"span": "soon"}, r"span: expected whole hours up to 28d"),
            ({"per_minute": 0}, r"per_minute: expected a whole number from 1 to 600"),
            ({"min_runs": "many"}, r"min_runs: expected a whole number from 1"),
            ({"urls": "x"}, "webhook 1: object contains unknown field `urls`"),
        ],
    )
    def test_that_are_wrong_are_errors_that_name_them_and_show_no_secret(self, fields, message):
        with pytest.raises(SettingsError, match=rf"alerts.webhooks \(.*\): .*{message}") as error:
            self.read(**fields)
        assert "hunter" not in str(error.value)
        assert self.SECRET[6:] not in str(error.value)

    def test_have_names_of_their_own(self):
        row = {"name": "ops", "url": "https://x", "secret": self.SECRET, "on": "failed_run"}
        with pytest.raises(SettingsError, match="expected each name once; ops and ops have the same"):
            read(VECTADB_ALERTS_WEBHOOKS=json.dumps([row, row]))

    @pytest.mark.parametrize("text", ["one", "{a: b}", "[", "3"])
    def test_are_a_list(self, text):
        with pytest.raises(SettingsError, match=r"alerts.webhooks \(.*\): expected a list of"):
            read(VECTADB_ALERTS_WEBHOOKS=text)


class TestReferences:
    def test_take_the_environments_values(self, config):
        settings = read(config=config("auth:\n  api_keys: ${env:KEY}\n"), KEY="one")
        assert settings.auth.api_keys == ("one",)

    @pytest.mark.parametrize(
        ("environ", "host"), [({}, "localhost"), ({"HOST": ""}, "localhost"), ({"HOST": "h"}, "h")]
    )
    def test_have_defaults(self, config, environ, host):
        assert read(config=config("server:\n  host: ${env:HOST:-localhost}\n"), **environ).server.host == host

    def test_stand_within_text(self, config):
        assert read(
            config=config("storage: {data_dir: '/${env:A}-$$${env:B}'}"), A="a", B="b"
        ).storage.data_dir == Path("/a-$b")

    @pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
    def test_to_nothing_are_errors(self, config, environ):
        with pytest.raises(SettingsError, match=r"auth.api_keys: the environment has no KEY"):
            read(config=config("auth:\n  api_keys: ${env:KEY}\n"), **environ)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server:\n  prot: 1", "unknown key server.prot; did you mean server.port"),
        ("server:\n  colour: red", "unknown key server.colour; allowed: server.host, server.port, "),
        ("serve: 1", "unknown key serve"),
        ("server: 8080", "unknown key server;"),
        ("- server", "expected `section:` lines"),
        ("server: {", "line 1: not YAML"),
        ("server:\n  port: 1\n  port: 2", "line 2: port is there twice"),
        ("server: {port: 99999}", "server.port .*: expected a port from 1 to 65535 .*; got '99999'"),
        ("server: {port: http}", "server.port .*: expected a port"),
        ("server: {port: [1, 2]}", "server.port .*: expected a port"),
        ("server: {port: [{a: b}]}", "server.port .*: expected a port"),
        ("server: {otlp_port: [1]}", "server.otlp_port .*: expected a port .*, or off"),
        ("server: {otlp_port: none}", "server.otlp_port .*: expected a port .*, or off; got 'none'"),
        ("server: {insecure: perhaps}", "server.insecure .*: expected true or false"),
        ("server: {max_body_bytes: 20MB}", "server.max_body_bytes .*: expected a number of bytes, or one with KiB"),
        ("server: {max_body_bytes: 0}", "server.max_body_bytes .*: expected a number of bytes"),
        ("server: {host: '${HOST}'}", r"server.host: expected \$\{env:NAME\}"),
        ("auth: {api_keys: [a b]}", "auth.api_keys .*: expected a list of keys"),
        ("auth: {api_keys: schlüssel}", "auth.api_keys .*: expected a list of keys of printable ASCII"),
        ("storage: {surrealdb: {url: 'http://h'}}", "storage.surrealdb.url .*: expected a ws:// or wss:// address"),
        (
            "storage: {surrealdb: {url: 'surrealkv://'}}",
            "storage.surrealdb.url .*: expected .* surrealkv://PATH or mem://",
        ),
        (
            "server: {cors: {allowed_origins: app.example.com}}",
            "server.cors.allowed_origins .*: expected a list of origins",
        ),
        ("server: {cors: {allowed_origins: ['https://example.com/']}}", "server.cors.allowed_origins .*: expected"),
        ("server: {cors: {allowed_headers: [a b]}}", "server.cors.allowed_headers .*: expected a list of header names"),
        ("server: {max_connections: 0}", "server.max_connections .*: expected a whole number, 1 or more"),
        ("server: {header_timeout: 0s}", "server.header_timeout .*: expected a duration above 0"),
        ("storage: {qdrant: {url: 'https://u:p@h'}}", "storage.qdrant.url .*: expected .* without user and password"),
        (
            "storage: {qdrant: {url: 'http://h:99999'}}",
            "storage.qdrant.url .*: expected an http:// or https:// address",
        ),
        ("telemetry: {otlp_endpoint: 'collector:4318'}", "telemetry.otlp_endpoint .*: expected an http:// or https://"),
        ("telemetry: {interval: 0s}", "telemetry.interval .*: expected a duration above 0"),
        ("embedding: {threads: -1}", "embedding.threads .*: expected a whole number, 0 or more"),
        ("mapping: {agent_window: 90}", "mapping.agent_window .*: expected a duration such as 90s"),
        ("server: &server {host: *server}", "nested too deep"),
        ("[" * 3000, "nested too deep"),
        ("limits: {items: 0}", "limits.items .*: expected a whole number, 1 or more"),
        ("redaction: {values: ['(']}", "redaction.values .*: expected a list of regular expressions"),
        ("redaction: {values: ['x*']}", "redaction.values .*: expected .* none of which fits no text"),
        ("redaction: {keys: ['', ' ']}", "redaction.keys .*: expected a list of names"),
        ("log: {level: loud}", "log.level .*: expected one of debug, info, warning, error; got 'loud'"),
    ],
)
def test_a_bad_file_is_an_error_that_names_the_file_the_key_and_what_is_allowed(config, text, message):
    file = config(text)
    with pytest.raises(SettingsError, match=message) as error:
        read(config=file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_is_an_error():
    with pytest.raises(SettingsError, match=r"/no/such.yaml: No such file"):
        read(config=Path("/no/such.yaml"))


def test_a_file_that_is_not_text_is_an_error(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"server: \xff")
    with pytest.raises(SettingsError, match="expected UTF-8 text"):
        read(config=tmp_path / "config.yaml")


def test_a_variable_that_no_setting_has_is_an_error():
    with pytest.raises(SettingsError, match=r"unknown variable VECTADB_SERVER_PROT; did you mean VECTADB_SERVER_PORT"):
        read(VECTADB_SERVER_PROT="1")


def test_a_variable_that_may_be_meant_as_a_setting_is_told():
    assert unknown_variables({"VECTADB_RETENTON_DAYS": "30", "VECTADB_COLOUR": "red"}) == [
        "unknown variable VECTADB_RETENTON_DAYS is ignored; did you mean VECTADB_RETENTION_DAYS?",
        "unknown variable VECTADB_COLOUR is ignored; no setting has a name like it",
    ]
    assert read(VECTADB_RETENTON_DAYS="30") == Settings()


def test_variables_of_settings_of_clients_and_of_kubernetes_are_not_told():
    names = ["CONFIG", "URL", "API_KEY", "ENDPOINT", "GRPC_ENDPOINT", "TEST_SURREALDB_URL", "SERVICE_HOST",
             "RECEIVER_SERVICE_HOST", "RECEIVER_SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_8080_TCP_ADDR",
             "RECEIVER_PORT_4317_TCP_PORT"]  # fmt: skip
    others = {f"VECTADB_{name}": "1" for name in names} | {"VECTADB_PORT": "tcp://10.0.0.1:8080", "VECTADB_X": ""}
    settings = {name: "1" for row in table().values() for name in (row.env, row.file_env) if name}
    assert unknown_variables(others | settings | {"PATH": "/bin", "VECTADB": "1"}) == []


def test_a_bad_flag_is_named():
    with pytest.raises(SettingsError, match=r"server.port \(--port\): expected a port .*; got 'x'"):
        read("--port", "x")


class TestTogether:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
    def test_this_machine_alone_needs_no_key(self, host):
        check(read("--host", host))

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "receiver.example.org"])  # noqa: S104 - never bound
    def test_others_need_one(self, host):
        with pytest.raises(SettingsError, match=rf"server.host {host} .*\(VECTADB_AUTH_API_KEYS=KEY.* --insecure"):
            check(read("--host", host))
        check(read("--host", host, VECTADB_AUTH_API_KEYS="one"))
        check(read("--host", host, "--insecure"))

    @pytest.mark.parametrize(
        ("given", "missing"), [("CERT_FILE", "key_file"), ("KEY_FILE", "cert_file"), ("CLIENT_CA_FILE", "cert_file")]
    )
    def test_https_needs_certificate_and_key(self, given, missing):
        with pytest.raises(SettingsError, match=rf"server.tls.{given.lower()} is set and server.tls.{missing} is not"):
            check(read(**{f"VECTADB_SERVER_TLS_{given}": "file.pem"}))

    @pytest.mark.parametrize("other", ["port", "otlp_port"])
    def test_grpcs_port_is_another(self, other):
        with pytest.raises(SettingsError, match=rf"server.{other} and server.grpc_port are both 5000.*--grpc-port off"):
            check(read(f"--{other.replace('_', '-')}", "5000", "--grpc-port", "5000"))

    def test_the_two_ports_differ(self):
        with pytest.raises(SettingsError, match=r"server.port and server.otlp_port are both 4318"):
            check(read("--port", "4318"))
        check(read("--port", "0", "--otlp-port", "0", "--grpc-port", "0"))

    @pytest.mark.parametrize(
        ("endpoint", "host"),
        [
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://localhost:4318", "127.0.0.1"),
            ("http://[::1]:4318/", "localhost"),
            ("http://localhost:4318", "0.0.0.0"),  # noqa: S104 - never bound
            (f"http://{socket.gethostname()}:4318", "::"),
            ("https://receiver.example.org:8080", "receiver.example.org"),
        ],
    )
    def test_the_receivers_own_metrics_do_not_go_to_itself(self, endpoint, host):
        with pytest.raises(SettingsError, match=r"telemetry.otlp_endpoint \S+ is this receiver itself"):
            check(read("--host", host, "--insecure", VECTADB_TELEMETRY_OTLP_ENDPOINT=endpoint))

    @pytest.mark.parametrize(
        ("endpoint", "host"),
        [
            ("http://localhost:4317", "127.0.0.1"),
            ("http://10.1.2.3:4318", "127.0.0.1"),
            ("http://collector.example.org:4318", "0.0.0.0"),  # noqa: S104 - never bound
            ("http://localhost:4318", "10.1.2.3"),
            ("https://localhost", "127.0.0.1"),
        ],
    )
    def test_they_go_to_others(self, endpoint, host):
        check(read("--host", host, "--insecure", VECTADB_TELEMETRY_OTLP_ENDPOINT=endpoint))

    def test_a_collector_may_have_the_port_that_the_receiver_gave_up(self):
        check(read("--otlp-port", "off", VECTADB_TELEMETRY_OTLP_ENDPOINT="http://localhost:4318"))


def test_help_and_readme_show_every_setting():
    parser = argparse.ArgumentParser()
    add_flags(parser)
    shown = parser.format_help()
    for row in table().values():
        assert row.env in shown
        assert f"| `{row.key}` |" in markdown()


def test_patterns_keep_their_commas_and_stand_one_a_line_in_the_environment(config):
    patterns = (r"\bIBAN\d{2,30}", "PIN (\\d+)")
    assert read(VECTADB_REDACTION_VALUES="\n".join(patterns)).redaction.values == patterns
    file = config("redaction:\n  values: ['\\bIBAN\\d{2,30}', 'PIN (\\d+)']\n  keys: [customer_number]\n")
    assert read(config=file).redaction.values == patterns
    assert read(config=file, VECTADB_REDACTION_KEYS="a, b").redaction.keys == ("a", "b")

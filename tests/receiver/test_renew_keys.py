"""SIGHUP: the keys of the settings as they are now, without a restart."""

import json
import signal

import pytest


@pytest.fixture
def receiver(serve, tmp_path):
    (tmp_path / "agents").write_text("old\n")
    config = tmp_path / "config.yaml"
    keys = [{"name": "agents", "key_file": str(tmp_path / "agents"), "scopes": ["ingest"]}]
    config.write_text(json.dumps({"auth": {"keys": [*keys, {"name": "me", "key": "mine", "scopes": "read"}]}}))
    started = serve(CONFIG=str(config)).started()
    started.config, started.key_file = config, tmp_path / "agents"
    return started


def statuses(receiver, *keys):
    event = {"timestamp": "2026-01-07T19:00:00Z"}
    return [receiver.ask("POST", "/api/v1/events", event, {"X-API-Key": key})[0] for key in keys]


def test_a_key_is_replaced_while_it_runs(receiver):
    assert statuses(receiver, "old", "new", "mine") == [200, 401, 403]
    receiver.key_file.write_text("new\n")
    receiver.process.send_signal(signal.SIGHUP)
    receiver.says("SIGHUP: the API keys are now: agents, me")
    assert statuses(receiver, "old", "new", "mine") == [401, 200, 403]


def test_settings_that_are_wrong_change_nothing(receiver):
    receiver.key_file.unlink()
    receiver.process.send_signal(signal.SIGHUP)
    receiver.says(r"SIGHUP: the API keys stay as they are: auth.keys .*key 1 \(agents\): key_file: cannot read")
    assert statuses(receiver, "old") == [200]


def test_other_settings_wait_for_the_next_start(receiver):
    settings = json.loads(receiver.config.read_text())
    receiver.config.write_text(json.dumps(settings | {"retention": {"days": "5"}}))
    receiver.process.send_signal(signal.SIGHUP)
    receiver.says("SIGHUP: other settings have changed, too")
    assert receiver.stop() == 0

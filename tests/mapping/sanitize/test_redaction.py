import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.sanitize.changes import Changes
from mapping.sanitize.redaction import MASK, Redaction

redaction = Redaction()


def masked(value, by=redaction):
    return by.value(value, Changes())


SECRET_KEYS = (
    "password passwd db.password DB_PASSWORD userPassword passwords token access_token accessToken refresh-token "
    "id_token secret client_secret AWS_SECRET_ACCESS_KEY secrets authorization Authorization "
    "http.request.header.authorization proxy-authorization cookie set-cookie Set-Cookie "
    "http.response.header.set-cookie cookies api_key apiKey X-API-Key http.request.header.x-api-key openai_api_key "
    "apikey private_key private_key_pem privateKey access_key credentials credential aws.credentials jwt bearer auth "
    "password_hash api_key_2 session_token signing-key"
).split()
OTHER_KEYS = (
    "gen_ai.usage.input_tokens gen_ai.usage.output_tokens gen_ai.usage.total_tokens max_tokens "
    "gen_ai.request.max_tokens llm.token_count.prompt llm.token_count.completion token_count gen_ai.token.type "
    "tokenizer tokens tokenizer_name gen_ai.server.time_to_first_token gen_ai.server.time_per_output_token "
    "next_page_token stop_token eos_token author authority authenticated secretary key keys primary_key "
    "foreign_key cache_key key_name passenger bypass password_policy secret_name cookie_consent turkey api_key_id "
    "input_token_count ai.usage.promptTokens"
).split()


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_what_stands_under_a_key_that_names_a_secret_is_masked(key):
    assert masked({key: "x"}) == {key: MASK}
    assert masked({key: ["x"]}) == {key: MASK}
    assert masked({"a": [{"b": {key: "x", "c": "x"}}]}) == {"a": [{"b": {key: MASK, "c": "x"}}]}


@pytest.mark.parametrize("key", OTHER_KEYS)
@pytest.mark.parametrize("value", [12, "words", ["a"]])
def test_other_keys_are_none(key, value):
    assert masked({key: value}) == {key: value}
    assert masked(json.dumps({key: value})) == json.dumps({key: value})


@pytest.mark.parametrize("value", ["", None, True, False, [], {}, "[REDACTED]", "<REDACTED>"])
def test_what_tells_nothing_is_left(value):
    assert masked({"password": value}) == {"password": value}


def test_numbers_are_masked_but_for_those_of_tokens():
    assert masked({"password": 1234, "token": 1234}) == {"password": MASK, "token": 1234}


@pytest.mark.parametrize(
    "value, kept",
    [
        ({"name": "Authorization", "value": "x"}, {"name": "Authorization", "value": MASK}),
        ({"key": "api_key", "value": {"stringValue": "x"}}, {"key": "api_key", "value": MASK}),
        ({"name": "accept", "value": "x"}, {"name": "accept", "value": "x"}),
        ([["cookie", "x"], ["accept", "x"]], [["cookie", MASK], ["accept", "x"]]),
        (["cookie", "x"], ["cookie", "x"]),
        ({"token": "Hello", "logprob": -0.1}, {"token": "Hello", "logprob": -0.1}),
    ],
)
def test_headers_may_be_pairs(value, kept):
    assert masked(value) == kept


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text, kept",
    [
        ("sent Bearer abcdef123456 there", "sent Bearer [REDACTED] there"),
        ("bearer abcdefghijklmnopqrstuvwxyz", "bearer [REDACTED]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [REDACTED]"),
        ("use sk-proj-abcdefghijklmnop1234, please", "use [REDACTED], please"),
        ("sk-ant-api03-abcdefghijkl", "[REDACTED]"),
        ("sk_live_abcdefghijkl", "[REDACTED]"),
        ("AKIAIOSFODNN7EXAMPLE.", "[REDACTED]."),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[REDACTED]"),
        ("github_pat_11ABCDEFG0abcdefghijklmnop", "[REDACTED]"),
        ("xoxb-1234567890-abcdefghij", "[REDACTED]"),
        ("AIzaSyA-1234567890abcdefghijklmnopqrstu", "[REDACTED]"),
        (f"a {JWT} b", "a [REDACTED] b"),
        (f"key:\n{PEM}\nend", "key:\n[REDACTED]\nend"),
        (PEM[:50], "[REDACTED]"),
        ("postgres://agent:s3cret@db/x", "postgres://agent:[REDACTED]@db/x"),
        ("https://u:p@ss@host:80/", "https://u:[REDACTED]@host:80/"),
    ],
)
def test_what_looks_like_a_credential_is_masked_wherever_it_stands(text, kept):
    assert masked(text) == kept
    assert masked({"a": [text]}) == {"a": [kept]}
    assert json.loads(masked(json.dumps({"a": text}))) == {"a": kept}


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of this letter",
        "Basic authentication is off",
        "a basic understanding",
        "a task-oriented-approach-to-risk-management",
        "see https://example.com:8080/a@b and mail a@example.com",
        "eyJ is how base64 of JSON begins",
        "the wrong password: try again",
        "def f(token: str, api_key: str) -> None",
        "if token == other: token = make_token()",
        "Token: the smallest unit of text",
        "max_tokens=100&total_tokens: 5",
        "sk-SK locale, ghp, xox",
        '{"usage": {"total_tokens": 5}, "type":"token"}',
    ],
)
def test_other_text_stays_as_it_is(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "text, kept",
    [
        ("PASSWORD=hunter2 make run", "PASSWORD=[REDACTED] make run"),
        ("/login?user=a&token=abc&x=1", "/login?user=a&token=[REDACTED]&x=1"),
        ("password: hunter2\nuser: a", "password: [REDACTED]\nuser: a"),
        ("client_secret: abcdef", "client_secret: [REDACTED]"),
        ("{'password': 'it\\'s', 'a': 'b'}", "{'password': '[REDACTED]', 'a': 'b'}"),
        ('said {"password": "a\\"b", "c": 1}', 'said {"password": "[REDACTED]", "c": 1}'),
        ('said "{\\"api_key\\": \\"x\\", \\"c\\": 1}"', 'said "{\\"api_key\\": \\"[REDACTED]\\", \\"c\\": 1}"'),
        ('{"password": "cut off', '{"password": "[REDACTED]'),
        ("Cookie: a=b; c=d\r\nAccept: x", "Cookie: [REDACTED]\r\nAccept: x"),
        ("curl -H 'Authorization: Token abc' x", "curl -H 'Authorization: [REDACTED]' x"),
        ("cmd='export TOKEN=abc'", "cmd='export TOKEN=[REDACTED]'"),
    ],
)
def test_what_text_assigns_to_a_secret_key_is_masked_where_it_stands(text, kept):
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text, kept",
    [
        ("curl --password hunter22 --user=bob x", "curl --password [REDACTED] --user=bob x"),
        ("app -token abc --api-key 'k e y' -v", "app -token [REDACTED] --api-key '[REDACTED]' -v"),
        ('sh -c "app --api-key \\"k-1\\" run"', 'sh -c "app --api-key \\"[REDACTED]\\" run"'),
        ('["node", "--api-key", "k-4711", "x"]', '["node", "--api-key", "[REDACTED]", "x"]'),
        ("['node', '--password', 'it', '-x']", "['node', '--password', '[REDACTED]', '-x']"),
        ('{"argv": ["--token","abc"]}', '{"argv": ["--token","[REDACTED]"]}'),
        ("--password=hunter22", "--password=[REDACTED]"),
    ],
)
def test_what_follows_a_secret_flag_is_masked(text, kept):
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "pass --api-key to the program, or --token",
        "--password --user bob",
        "--no-auth x --max-tokens 5 --cache-key abc",
        "pre-auth check, a - password is asked",
        "--password <secret> --token (none)",
    ],
)
def test_a_flag_without_a_secret_is_left(text):
    assert masked(text) == text


def test_a_list_may_be_a_command_line():
    assert masked(["curl", "--password", "hunter22", "--user=bob"]) == ["curl", "--password", MASK, "--user=bob"]
    assert masked({"args": ["--api-key", "k", "--token", "-v", "x"]}) == {
        "args": ["--api-key", MASK, "--token", "-v", "x"]
    }
    assert masked(["--user", "bob", "--token", 5, "--password"]) == ["--user", "bob", "--token", 5, "--password"]


def test_json_inside_text_is_looked_into_at_any_depth():
    arguments = json.dumps({"login": {"user": "é", "password": "x"}, "n": 1})
    messages = json.dumps([{"role": "assistant", "tool_calls": [{"arguments": arguments}]}])
    kept = json.loads(masked(messages))
    assert json.loads(kept[0]["tool_calls"][0]["arguments"]) == {"login": {"user": "é", "password": MASK}, "n": 1}


def test_half_a_surrogate_pair_in_json_text_stays_text():
    assert masked('{"password": "x", "a": "\\ud83d"}') == '{"password": "[REDACTED]", "a": "\ufffd"}'


def test_keys_and_patterns_of_one_s_own_come_beside_the_usual_ones():
    own = Redaction(
        keys=["customer-number"], values=[r"\bIBAN\d+", r"PIN (\d+)", "(?i)top (sec)"], keep=["session_token"]
    )
    value = {"customerNumber": "7", "password": "x", "session_token": "x", "note": "IBAN123, PIN 99, TOP SECret"}
    assert masked(value, own) == {
        "customerNumber": MASK,
        "password": MASK,
        "session_token": "x",
        "note": "[REDACTED], PIN [REDACTED], TOP [REDACTED]ret",
    }
    assert masked('{"a": {"customer_number": "7"}}', own) == '{"a": {"customer_number": "[REDACTED]"}}'


def test_what_is_masked_is_counted():
    changes = Changes()
    redaction.value({"password": "x", "b": "Bearer abcdef123456 AKIAIOSFODNN7EXAMPLE", "c": '{"token": "x"}'}, changes)
    assert changes.redacted == 4


def test_keys_that_clients_make_up_do_not_fill_memory():
    by = Redaction()
    for number in range(50_000):
        by.names_secret(f"key {number}")
    by.names_secret("x" * 10**6 + "password")
    assert len(by._known) <= 20_000
    assert by.names_secret("x" * 10**6 + "password")


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_value_keeps_its_shape(value):
    assert is_kept(value, masked(value))


def is_kept(value, shown):
    """Return whether a value is shown as it is, but for what is masked in it."""
    if isinstance(value, dict) and isinstance(shown, dict):
        return list(value) == list(shown) and all(is_kept(value[key], shown[key]) for key in value)
    if isinstance(value, list) and isinstance(shown, list):
        return len(value) == len(shown) and all(map(is_kept, value, shown))
    return shown == value or (isinstance(shown, str) and "[REDACTED]" in shown)


MB = 10**6


@pytest.mark.parametrize(
    "text",
    [
        "eyJ" * (MB // 3),
        "eyJ" + "a" * MB + ".",
        "-----BEGIN PRIVATE KEY-----" * (MB // 27),
        "://a:" * (MB // 5) + "@",
        "token:" * (MB // 6),
        "token=" * (MB // 6),
        'token:"' * (MB // 7),
        "key" * (MB // 3),
        '{"password":' * (MB // 12),
        "[" * MB + "password=x",
        "authorization: " * (MB // 15),
        "bearer " * (MB // 7),
        "bearer " + "a" * MB,
        "sk-" * (MB // 3),
        "token" + "\\" * MB + '"=1',
        "a." * (MB // 2) + "password=1",
        "--password " * (MB // 11),
        "--password '" * (MB // 12),
        "--password', '" * (MB // 14),
        "-" * MB + "password",
        "--" + "a" * MB + " password",
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text):
    began = time.process_time()
    assert "hunter2" not in masked(f"password=hunter2 {text}")
    assert time.process_time() - began < 5  # a million characters, each tried against the rest, would take hours

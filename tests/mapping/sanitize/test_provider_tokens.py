"""Tokens are made from the table here: none that looks alive stands in a file."""

import base64
import hashlib
import json
import random
import re
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.sanitize.changes import Changes
from mapping.sanitize.provider_tokens import TOKENS, tokens_in
from mapping.sanitize.redaction import MASK, Redaction

redaction = Redaction()
MB = 10**6


def masked(value):
    return redaction.value(value, Changes())


def tokens(start):
    return st.from_regex(re.compile(re.escape(start) + TOKENS[start].replace("}+", "}"), re.ASCII), fullmatch=True)


@pytest.mark.parametrize("start", TOKENS)
@given(data=st.data())
@settings(max_examples=10)
def test_a_token_is_masked_wherever_it_stands(start, data):
    token = data.draw(tokens(start))
    assert masked(f"use {token}, please") == f"use {MASK}, please"
    assert masked(f"say '{token}'") == f"say '{MASK}'"
    assert masked(["run", token]) == ["run", MASK]
    assert masked(f"https://example.com/?q={token}&b=1") == f"https://example.com/?q={MASK}&b=1"
    assert json.loads(masked(json.dumps({"a": f"first line\n{token}\nlast"}))) == {"a": f"first line\n{MASK}\nlast"}


@pytest.mark.parametrize(
    "before, form, after",
    [
        ("", r"[\w~.]{3}8Q~[\w~.-]{34}", ""),  # Azure: a client's, a service's, a storage's
        ("", r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}", ""),
        ("", r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==", ""),
        ("https://a.blob.core.windows.net/b?sv=2025&sig=", r"[A-Za-z0-9]{40}%3D", "&se=1"),
        ("https://a.s3.amazonaws.com/b?X-Amz-Signature=", r"[a-f0-9]{64}", "&x=1"),
        ("https://api.telegram.org/bot123456789:", r"AA[A-Za-z0-9_-]{33}", "/getMe"),
        ("", r"-----BEGIN PGP PRIVATE KEY BLOCK-----\n[a-z]{80}\n-----END PGP PRIVATE KEY BLOCK-----", ""),
    ],
)
@given(data=st.data())
@settings(max_examples=20)
def test_what_is_known_by_its_middle_or_its_place_is_masked(before, form, after, data):
    secret = data.draw(st.from_regex(re.compile(form, re.ASCII), fullmatch=True))
    assert masked(f"see {before}{secret}{after} there") == f"see {before}{MASK}{after} there"


MADE = random.Random(1)  # noqa: S311 - no secrets


@pytest.mark.parametrize(
    "text",
    [
        *(str(uuid.UUID(int=MADE.getrandbits(128), version=4)) for _ in range(20)),
        *(hashlib.new(name, b"x").hexdigest() for name in ("md5", "sha1", "sha256", "sha512")),
        "sha256:" + hashlib.sha256(b"x").hexdigest(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "gpt-4o-mini-2024-07-18 and claude-sonnet-4-5-20250929 in us-east-1",
        "arn:aws:iam::123456789012:role/AgentRuntimeExecutionRole",
        "call_4bf92f3577b34da6a3ce929d0e0e4736 toolu_01A09q90qw90lq917835lq9 chatcmpl-123456789012345678901",
        "msg_01XFDUDYJgAACzvnptvVoYEL resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
        "the-task-of-a-risk-averse-and-quick-witted-monkey",
        "src/mapping/sanitize/provider_tokens.py::test_secret_of_the_sk_family",
        "SKU4711, SKIPPED, API-REFERENCE, patience, dosage, dapifer, AKIAMORI",
        "secret_sauce_of_the_house npm_config_registry hf_home v1.0-beta.2-rc",
    ],
)
def test_ids_hashes_and_names_stay(text):
    assert masked(text) == text
    assert masked({"a": [text]}) == {"a": [text]}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
@pytest.mark.parametrize("make", [MADE.randbytes, bytes], ids=["random", "zeros"])
@pytest.mark.parametrize("size", [100, 3_000, MB])
def test_a_picture_stays(encode, make, size):
    text = encode(make(size)).decode()
    assert list(tokens_in(text)) == []
    assert masked(f"data:image/png;base64,{text}") == f"data:image/png;base64,{text}"


@given(st.text(alphabet="aZ09-_.~+/= \n\\ské日\ud83d", max_size=80))
def test_places_are_in_the_text_and_in_order(text):
    end = 0
    for start, stop in tokens_in(text + " sk-" + "a1" * 9):
        assert end <= start < stop
        end = stop
    assert end > 0


@pytest.mark.parametrize("start", TOKENS)
def test_no_start_repeated_takes_long(start):
    for around in ("{0}", "{0}a", "{0}.", "{0}-", "a{0}", "{0}" + "a" * 50 + "."):
        text = (around.format(start) * (MB // len(start)))[: MB // 4]
        began = time.process_time()
        list(tokens_in(text))
        assert time.process_time() - began < 1

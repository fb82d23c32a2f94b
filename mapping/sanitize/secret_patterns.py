"""Which keys name secrets, and what credentials look like: `mapping.sanitize.redaction` masks by these tables."""

from __future__ import annotations

import re

_NO_LETTERS = re.compile(r"[\W\d_]+")

# Letters only, as keys are compared.
SECRET_KEYS = (
    *("password passwd passphrase pwd secret token authorization auth cookie credential jwt bearer".split()),
    *("apikey privatekey accesskey secretkey signingkey encryptionkey accountkey sharedkey masterkey sshkey".split()),
    *("accesstokens refreshtokens authtokens apitokens sessiontokens".split()),
)
# Keys that end with `token` and are no secrets: token counts, special tokens of models, page tokens.
NOT_SECRET = tuple(
    f"{word}token"
    for word in "per first last next page pagination continuation input output prompt completion total max stop eos "
    "bos pad unk mask cls sep special".split()
)
# What may follow in a key without changing what it names. Plurals are read as well, but of `token`: tokens are counted.
TAILS = ("value", "hash", "header", "pem", "string", "confirmation")

# Patterns of credentials. If a pattern has a group, only that is masked. No pattern may try the same character from
# many starts: a text can be 20 MB of "eyJeyJeyJ".
SECRET_VALUES = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^\"]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|(?=\")|\Z)",
    r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?",  # JSON Web Token
    r"\b[Bb]earer\s{1,4}((?=[A-Za-z._~+/-]{0,200}[0-9=]|[\w.~+/-]{24})[\w.~+/-]{8,}=*)",
    r"\b[Bb]asic\s{1,4}((?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{8,}=*)",
    r"://[^\s/:@\"'\\]{0,200}:([^\s/\"'\\]{1,200})@",  # the password of a URL
    r"\b(?:sk|pk|rk)-[\w-]{16,}",  # OpenAI, Anthropic and those after them
    r"\b[sr]k_(?:live|test)_\w{10,}",  # Stripe
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,})",
    r"\bxox[abeoprs]-[\w-]{10,}",  # Slack
    r"\bAIza[\w-]{35}",  # Google
    r"\bhf_[A-Za-z0-9]{30,}",  # Hugging Face
)
ANY_VALUE = re.compile("|".join(SECRET_VALUES), re.DOTALL)
# One of these, in lower case, stands in every text that holds a secret: looking for them first is ten times faster.
KEY_SIGNS = ("key", "token", "pass", "pwd", "secret", "auth", "cookie", "credential", "jwt", "bearer")
VALUE_SIGNS = (
    *("private key-----", "eyj", "bearer", "basic", "k-", "k_live_", "k_test_", "akia", "asia"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "aiza", "hf_"),
)


def letters(key: str) -> str:
    """Return a key in its compared form: `X-API-Key` becomes `xapikey`."""
    return _NO_LETTERS.sub("", key).lower()


def may_hold_value(lowered: str) -> bool:
    """Return whether a text, given in lower case, can match ANY_VALUE at all; a cheap test."""
    return any(sign in lowered for sign in VALUE_SIGNS) or ("://" in lowered and "@" in lowered)

"""Which keys name secrets, and what credentials look like: `mapping.sanitize.redaction` masks by these tables, and by
that of `provider_tokens.py`.
"""

from __future__ import annotations

import re

_NO_LETTERS = re.compile(r"[\W\d_]+")

# Letters only, as keys are compared.
SECRET_KEYS = (
    *("password passwd passphrase pwd secret token authorization auth cookie credential jwt bearer".split()),
    *("apikey privatekey accesskey secretkey signingkey encryptionkey accountkey sharedkey masterkey sshkey".split()),
    *("subscriptionkey functionskey licensekey".split()),
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
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^\"]*?(?:-----END [A-Z0-9 ]{0,60}-----|(?=\")|\Z)",
    r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?",  # JSON Web Token
    r"\b[Bb]earer\s{1,4}((?=[A-Za-z._~+/-]{0,200}[0-9=]|[\w.~+/-]{24})[\w.~+/-]{8,}=*)",
    r"\b[Bb]asic\s{1,4}((?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{8,}=*)",
    r"://[^\s/:@\"'\\]{0,200}:([^\s/\"'\\]{1,200})@",  # the password of a URL
    r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])",  # a client of Azure's
    r"(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}(?![A-Za-z0-9])",  # of its services
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==",  # of its storage
    r"[?&]sig=([\w%+/=-]{30,}+)",  # a signed URL of Azure's
    r"[?&]X-(?:Amz|Goog)-Signature=([A-Fa-f0-9]{64,}+)",  # of AWS's and Google's
    r"(?<!\d)\d{8,10}:(AA[\w-]{33})(?![\w-])",  # a bot of Telegram's
    r"webhook\.office\.com/webhookb2/([\w@/-]{100,}+)",  # of Teams
)
ANY_VALUE = re.compile("|".join(SECRET_VALUES), re.DOTALL)
# One of these, in lower case, stands in every text that holds a secret: looking for them first is ten times faster.
KEY_SIGNS = ("key", "token", "pass", "pwd", "secret", "auth", "cookie", "credential", "jwt", "bearer")
VALUE_SIGNS = (
    "private key",
    "eyj",
    "bearer",
    "basic",
    "q~",
    "jqqj9",
    "+ast",
    "sig=",
    "-signature=",
    ":aa",
    "webhookb2/",
)


def letters(key: str) -> str:
    """Return a key in its compared form: `X-API-Key` becomes `xapikey`."""
    return _NO_LETTERS.sub("", key).lower()


def may_hold_value(lowered: str) -> bool:
    """Return whether a text, given in lower case, can match ANY_VALUE at all; a cheap test."""
    return any(sign in lowered for sign in VALUE_SIGNS) or ("://" in lowered and "@" in lowered)

"""The tokens that providers hand out, by how they start: a table, and where one stands in a text.

The forms are those that gitleaks (MIT licence) and the providers themselves describe, as far as a start tells them from
hashes, ids and base64. What has no such start is masked by its key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_WORD, _LETTERS, _HEX = r"[\w-]", r"[A-Za-z0-9]", r"[a-f0-9]"

# Each start with what follows it. Starts count in their own case. Nothing is tried twice on the same characters
# (possessive, or of one length).
TOKENS: dict[str, str] = {
    # Models and what agents call beside them.
    **dict.fromkeys(("sk-", "pk-", "rk-"), rf"{_WORD}{{16,}}+"),  # OpenAI, Anthropic and those after them
    "hf_": rf"{_LETTERS}{{30,}}+",  # Hugging Face
    "api_org_": rf"{_LETTERS}{{34}}",
    "gsk_": rf"{_LETTERS}{{40,}}+",  # Groq
    "xai-": rf"{_LETTERS}{{60,}}+",
    "pplx-": rf"{_LETTERS}{{40,}}+",  # Perplexity
    "r8_": rf"{_LETTERS}{{37}}",  # Replicate
    "nvapi-": rf"{_WORD}{{50,}}+",
    "tgp_v1_": rf"{_WORD}{{40,}}+",  # Together
    "lsv2_pt_": rf"{_HEX}{{32}}_{_HEX}{{10}}",  # LangSmith
    "lsv2_sk_": rf"{_HEX}{{32}}_{_HEX}{{10}}",
    "tvly-": rf"{_WORD}{{20,}}+",  # Tavily
    "jina_": rf"{_LETTERS}{{50,}}+",
    "pcsk_": r"\w{50,}+",  # Pinecone
    # Code and packages.
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), r"\w{20,}+"),
    **dict.fromkeys(("glpat-", "gldt-", "glrt-", "glrtr-", "glptt-", "glcbt-", "glft-"), r"[\w.-]{20,}+"),  # GitLab
    **dict.fromkeys(("glimt-", "glagent-", "gloas-", "glsoat-", "glffct-"), r"[\w.-]{20,}+"),
    "GR1348941": rf"{_WORD}{{20}}",
    "npm_": rf"{_LETTERS}{{36}}",
    "pypi-AgE": rf"{_WORD}{{50,}}+",
    "rubygems_": rf"{_HEX}{{48}}",
    "CLOJARS_": r"[a-z0-9]{60}",
    "oy2": r"[a-z0-9]{43}",  # NuGet
    "dckr_pat_": rf"{_WORD}{{27}}",  # Docker
    "dckr_oat_": rf"{_WORD}{{27,}}+",
    "ATATT3": r"[\w=-]{150,}+",  # Atlassian
    "ATCTT3": r"[\w=-]{150,}+",
    "ATBB": rf"{_LETTERS}{{32}}",
    "AKCp": rf"{_LETTERS}{{69}}",  # Artifactory
    "cmVmd": rf"{_LETTERS}{{59}}",
    # Clouds.
    **dict.fromkeys(("AKIA", "ASIA", "ABIA", "ACCA"), r"[A-Z0-9]{16}"),  # AWS
    "ABSK": r"[A-Za-z0-9+/]{100,}+=*",  # Amazon Bedrock
    "bedrock-api-key-": r"[A-Za-z0-9+/]{20,}+=*",
    "AIza": rf"{_WORD}{{35}}",  # Google
    "GOCSPX-": rf"{_WORD}{{28}}",
    "ya29.": rf"{_WORD}{{20,}}+",
    "dapi": rf"{_HEX}{{32}}(?:-\d)?",  # Databricks
    "dose": rf"{_HEX}{{32}}",
    "LTAI": rf"{_LETTERS}{{20}}",  # Alibaba
    **dict.fromkeys(("doo_v1_", "dop_v1_", "dor_v1_"), rf"{_HEX}{{64}}"),  # DigitalOcean
    "HRKU-": rf"{_WORD}{{50,}}+",  # Heroku
    "hvs.": rf"{_WORD}{{24,}}+",  # HashiCorp
    "hvb.": rf"{_WORD}{{24,}}+",
    "hvr.": rf"{_WORD}{{24,}}+",
    "atlasv1.": r"[\w-]{60,}+={0,2}",
    "pul-": rf"{_HEX}{{40}}",  # Pulumi
    **dict.fromkeys(("pscale_tkn_", "pscale_oauth_", "pscale_pw_"), r"[\w.-]{32,}+={0,2}"),  # PlanetScale
    **dict.fromkeys(("dp.pt.", "dp.st.", "dp.sa.", "dp.ct.", "dp.scim.", "dp.audit."), r"[\w.]{40,}+"),  # Doppler
    "fo1_": rf"{_WORD}{{43}}",  # Fly.io
    **dict.fromkeys(("fm1r_", "fm1a_", "fm2_"), r"[A-Za-z0-9+/]{60,}+=*"),
    "tskey-": rf"{_WORD}{{20,}}+",  # Tailscale
    "v1.0-": rf"{_HEX}{{24}}-{_HEX}{{146}}",  # Cloudflare
    "sbp_": rf"{_HEX}{{40}}",  # Supabase
    "sb_secret_": rf"{_WORD}{{20,}}+",
    "nfp_": rf"{_LETTERS}{{36,}}+",  # Netlify
    "sha256~": rf"{_WORD}{{43}}",  # OpenShift
    "AGE-SECRET-KEY-1": r"[A-Z0-9]{58}",
    # Messages, payments, work, monitoring.
    **dict.fromkeys(("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-"), rf"{_WORD}{{10,}}+"),  # Slack
    "xoxe.xoxb-": rf"{_WORD}{{10,}}+",
    "xoxe.xoxp-": rf"{_WORD}{{10,}}+",
    "xapp-": rf"\d-{_WORD}{{10,}}+",
    **{f"hooks.slack.com/{kind}/": r"[A-Za-z0-9+/]{40,}+" for kind in ("services", "workflows", "triggers")},
    "discord.com/api/webhooks/": r"\d{17,20}/[\w-]{60,}+",
    "discordapp.com/api/webhooks/": r"\d{17,20}/[\w-]{60,}+",
    "SG.": rf"{_WORD}{{20,24}}\.{_WORD}{{39,}}+",  # SendGrid
    "SK": rf"{_HEX}{{32}}",  # Twilio
    "xkeysib-": rf"{_HEX}{{64}}-{_LETTERS}{{16}}",  # Brevo
    "xsmtpsib-": rf"{_HEX}{{64}}-{_LETTERS}{{16}}",
    **dict.fromkeys(("sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"), r"\w{10,}+"),  # Stripe
    "whsec_": r"[A-Za-z0-9+/]{24,}+=*",
    "sq0atp-": rf"{_WORD}{{22,}}+",  # Square
    "sq0csp-": rf"{_WORD}{{43}}",
    **dict.fromkeys(("shpat_", "shpca_", "shppa_", "shpss_"), r"[A-Fa-f0-9]{32}"),  # Shopify
    "shippo_live_": r"[A-Fa-f0-9]{40}",
    "shippo_test_": r"[A-Fa-f0-9]{40}",
    "EZAK": rf"{_LETTERS}{{54}}",  # EasyPost
    "EZTK": rf"{_LETTERS}{{54}}",
    "duffel_live_": r"[\w=-]{43}",
    "duffel_test_": r"[\w=-]{43}",
    "lin_api_": rf"{_LETTERS}{{40}}",  # Linear
    "lin_oauth_": rf"{_HEX}{{64}}",
    "ntn_": rf"{_LETTERS}{{40,}}+",  # Notion
    "secret_": rf"{_LETTERS}{{43}}",
    "figd_": rf"{_WORD}{{40,}}+",  # Figma
    "pat": rf"{_LETTERS}{{14}}\.{_HEX}{{64}}",  # Airtable
    "PMAK-": rf"{_HEX}{{24}}-{_HEX}{{34}}",  # Postman
    "CFPAT-": rf"{_WORD}{{43}}",  # Contentful
    "rdme_": r"[a-z0-9]{70}",
    "ops_eyJ": r"[A-Za-z0-9+/]{100,}+=*",  # 1Password
    "A3-": r"[A-Z0-9]{6}-[A-Z0-9]{6}-?[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}(?:-[A-Z0-9]{5})?",
    "pnu_": rf"{_LETTERS}{{36}}",  # Prefect
    "API-": r"[A-Z0-9]{26}",  # Octopus
    **dict.fromkeys(("dt0c01.", "dt0s01.", "dt0s02."), r"[A-Z0-9]{8,24}\.[A-Z0-9]{64}"),  # Dynatrace
    "NRAK-": r"[A-Z0-9]{27}",  # New Relic
    "glsa_": rf"{_LETTERS}{{32}}_[A-Fa-f0-9]{{8}}",  # Grafana
    "glc_": r"[A-Za-z0-9+/]{32,}+=*",
    "sntrys_": r"[A-Za-z0-9+/]{40,}+=*(?:_[A-Za-z0-9+/]{40,}+)?",  # Sentry
    "sntryu_": rf"{_HEX}{{64}}",
    "phx_": rf"{_LETTERS}{{40,}}+",  # PostHog
    "sgp_": rf"(?:(?:{_HEX}{{16}}|local)_)?{_HEX}{{40}}",  # Sourcegraph
}


def _pattern() -> re.Pattern[str]:
    """Return the table as one pattern that decides by the first letter, where a word or an escaped line begins."""
    starts = sorted(TOKENS, key=lambda start: (start[0], -len(start)))
    by_letter = [
        re.escape(letter) + "(?:" + "|".join(re.escape(start[1:]) + TOKENS[start] for start in group) + ")"
        for letter, group in groupby(starts, key=lambda start: start[0])
    ]
    return re.compile(rf"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))(?:{'|'.join(by_letter)})(?![A-Za-z0-9])", re.ASCII)


_TOKEN = _pattern()
# The shortest token has as many characters; what has fewer in a row is ruled out by a search that skips through it.
_SHORTEST = 15
_OF_TOKENS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/="
_RUNS = bytes(ord("a") if byte in _OF_TOKENS else ord(" ") for byte in range(256))
_LONG_RUN = b"a" * _SHORTEST
# What is longer and has no dot is base64, a picture say, in which anything may stand.
_LONGEST = 2_000


def tokens_in(text: str) -> Iterator[tuple[int, int]]:
    """Walk where tokens start and end in a text."""
    runs = text.encode("ascii", "replace").translate(_RUNS)
    start = runs.find(_LONG_RUN)
    while start >= 0:
        start = runs.rfind(b" ", 0, start) + 1
        end = runs.find(b" ", start)
        if end < 0:
            end = len(runs)
        if end - start <= _LONGEST or "." in text[start:end]:
            for found in _TOKEN.finditer(text, start, end):
                yield found.span()
        start = runs.find(_LONG_RUN, end)

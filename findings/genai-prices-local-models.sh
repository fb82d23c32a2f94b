#!/usr/bin/env bash
# genai-prices: a model's name without a provider is priced as a company's that sells the big model of that name: a
# model that runs on one's own machine costs money.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 100 python3 -m venv "$folder/venv"
timeout 110 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check genai-prices==0.2.3
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from genai_prices import Usage, calc_price

print("genai-prices", version("genai-prices"))


def price(model, provider=None):
    try:
        found = calc_price(Usage(input_tokens=1_000_000, output_tokens=0), model, provider_id=provider)
    except LookupError as error:
        answer = ("LookupError", str(error))
    else:
        answer = (found.provider.id, found.model.id, f"${found.total_price:f}")
    print(f"{model}, provider {provider}: {answer}")
    return answer


# The names under which Ollama and vLLM serve them.
names = ["deepseek-r1:7b", "mixtral-8x7b", "gpt-oss-120b"]
by_name = {name: price(name) for name in names}
by_provider = [price(name, "ollama") for name in names]

seen = (
    by_name["deepseek-r1:7b"][:2] == ("deepseek", "deepseek-reasoner")
    and by_name["mixtral-8x7b"][0] == "mistral"
    and by_name["gpt-oss-120b"][0] == "openai"
    and all(answer[0] == "LookupError" for answer in by_provider)
)
if not seen:
    raise SystemExit("CHANGED: a local model's name alone is no longer priced, or its provider is known")
print("SEEN: without a provider, three models on one's own machine have a company's price")
PYTHON

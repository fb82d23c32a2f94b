# make run: install and serve.  make test: install and test.  Needs Python 3.11 to 3.14 and a package index, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench bench-search screenshots setup lint lint-page format lock clean

run: setup
	$(BIN)/vectadb-receiver serve

# Two files at once: many tests wait for processes and clocks. `make test PYTEST_ARGS=-n0`: one after the other.
test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

bench: setup
	$(BIN)/python bench/ingest.py $(BENCH_ARGS)
	$(BIN)/python bench/indexing.py $(INDEXING_ARGS)
	$(BIN)/python bench/interpreting.py $(INTERPRETING_ARGS)
	$(BIN)/python bench/readers.py $(READERS_ARGS)

bench-search: setup
	$(BIN)/python bench/search.py $(BENCH_ARGS)
	$(BIN)/python bench/searching.py $(SEARCHING_ARGS)

screenshots: setup
	tests/install.sh
	$(BIN)/python tests/page/screenshots.py

setup: $(VENV)/installed

# The stamp makes a second `make run` start at once, and a changed lock install again.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
	  echo "Python 3.11 to 3.14 is needed; this is $$($(PYTHON) --version). Say which: make PYTHON=python3.12"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV): a minute or two, the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

lint: setup lint-page
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The page's JavaScript and CSS. Nothing but this check needs Node.js; CI has to have it.
ifneq ($(shell command -v npm 2>/dev/null),)
lint-page: node_modules/.installed
	npm run --silent lint
else
lint-page:
	@echo "npm is missing: the page's JavaScript and CSS are not checked. Install Node.js 20.6 or newer"; [ -z "$$CI" ]
endif

node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

format: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) node_modules build *.egg-info

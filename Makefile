# make run: install and serve.  make test: install what tests need, too, and test.  Needs Python 3.11 to 3.14 and a
# package index, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench bench-search screenshots setup lint lint-page format docs lock clean

run: $(VENV)/installed
	$(BIN)/vectadb-receiver serve

# Three files at once, on two cores: many tests wait for processes and clocks. `make test PYTEST_ARGS=-n0`: one after the other.
test: setup
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The build that is compared with: the last one that interpreted nothing.
AGAINST ?= 93b44aa
bench: setup
	$(BIN)/python bench/ingest.py $(BENCH_ARGS)
	$(BIN)/python bench/indexing.py $(INDEXING_ARGS)
	$(BIN)/python bench/interpreting.py $(INTERPRETING_ARGS)
	$(BIN)/python bench/readers.py $(READERS_ARGS)
	$(BIN)/python bench/against.py $(AGAINST)

bench-search: setup
	$(BIN)/python bench/search.py $(BENCH_ARGS)
	$(BIN)/python bench/searching.py $(SEARCHING_ARGS)

screenshots: setup
	tests/install.sh
	$(BIN)/python tests/page/screenshots.py

setup: $(VENV)/installed-dev

# What running takes, and what development takes beside it. A stamp makes a second `make run` start at once, and a
# changed lock install again.
$(VENV)/installed: requirements.lock pyproject.toml
	$(call install,requirements.lock,the program's dependencies)
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock,the program's and the tests' dependencies)
	@touch $(VENV)/installed $@

define install
@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { \
  echo "Python 3.11 to 3.14 is needed; this is $$($(PYTHON) --version). Say which: make PYTHON=python3.12"; exit 1; }
@echo "Installing $(2) into $(VENV): a minute or two, the first time"
@$(PYTHON) -m venv $(VENV)
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(1)
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
endef

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

# The site, in docs/_build, with a tool of its own; a broken reference is an error.
docs: docs/_build/.installed
	docs/_build/venv/bin/sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build/html

docs/_build/.installed: docs/requirements.lock
	$(PYTHON) -m venv docs/_build/venv
	docs/_build/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# requirements.lock: for running. requirements-dev.lock: the same and the tools of development.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml
lock:
	$(COMPILE) --extra mcp --extra parquet --group build -o requirements.lock
	$(COMPILE) --all-extras --group build --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) node_modules build docs/_build *.egg-info

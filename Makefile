# The same commands for people and CI. `make setup` is what the others do first; a second run takes seconds.
SHELL := /bin/bash
PY ?= python3
BIN := .venv/bin
FRONT := webapp/frontend
CLIENTS := tests/clients
PACKAGES := common rtmp hls chatd webapp weir bench
ASYNC_SOURCES := $(shell git grep -lE 'async|trio' -- $(PACKAGES:%='%/*.py') 2>/dev/null)
FRONT_SOURCES := $(shell find $(FRONT)/src $(FRONT)/public $(FRONT)/scripts $(FRONT)/index.html $(FRONT)/*.js $(FRONT)/*.json -type f 2>/dev/null)
GERMAN := '*texts.ts,*/i18n/*,*/scopes.ts'

.PHONY: docs screenshots setup run check test fuzz bench lock lint types dev front-check clean
.DELETE_ON_ERROR:

setup: .venv/.run webapp/static/.built

run: setup
	$(BIN)/weir serve

# Quick checks, at most three minutes: lint, types, pure and memory-stream tests.
check: dev lint types front-check
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not real and not fuzz"

# Everything: real PostgreSQL, real encoders, real chat bots, a real browser.
test: check webapp/static/.built $(CLIENTS)/node_modules/.installed
	scripts/real-tests.sh

# Random search, then search by coverage, FUZZ_S seconds a parser (FUZZ_S=600 make fuzz). Findings stay in tests/fuzz/findings.
FUZZ_S ?= 120
fuzz: dev .venv/.fuzz
	HYPOTHESIS_PROFILE=deep $(BIN)/pytest -q -m "fuzz or not real"
	$(BIN)/python -m tests.fuzz.search --seconds $(FUZZ_S)

bench: dev webapp/static/.built
	scripts/bench.sh

lint: dev .venv/.async-linted
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/codespell --skip $(GERMAN) --ignore-words-list als,positionof,sendin \
		README.md docs common rtmp hls chatd webapp/*.py webapp/frontend/src weir bench tests scripts Makefile

# The slowest of the linters looks only at what has changed since it was last content.
.venv/.async-linted: $(ASYNC_SOURCES) requirements-dev.lock | dev
	echo $(filter %.py,$?) | xargs -r -P2 -n12 $(BIN)/flake8-async \
		--enable ASYNC1,ASYNC2,ASYNC910,ASYNC913 \
		--startable-in-context-manager=serve_rtmp,serve_web,serve,run_demo,run_test_picture
	touch $@

types: dev
	$(BIN)/mypy

front-check: webapp/frontend/node_modules/.installed
	scripts/npm run --prefix $(FRONT) check

dev: .venv/.dev

.venv/.created:
	$(PY) -m venv .venv
	touch $@

.venv/.run: requirements.lock pyproject.toml .venv/.created
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

.venv/.fuzz: requirements-fuzz.lock .venv/.dev
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	touch $@

$(FRONT)/node_modules/.installed: $(FRONT)/package-lock.json .venv/.run
	scripts/npm ci --prefix $(FRONT) --no-audit --no-fund --loglevel=error
	touch $@

$(CLIENTS)/node_modules/.installed: $(CLIENTS)/package-lock.json .venv/.run
	scripts/npm ci --prefix $(CLIENTS) --no-audit --no-fund --loglevel=error
	touch $@

webapp/static/.built: $(FRONT)/node_modules/.installed $(FRONT_SOURCES)
	scripts/npm run --prefix $(FRONT) build
	touch $@

# Writes the lock files anew; needs `uv` (pip install uv).
lock:
	uv pip compile -q pyproject.toml --extra build --extra classifier --generate-hashes --python-version 3.11 -o requirements.lock
	uv pip compile -q pyproject.toml --extra build --extra classifier --extra dev --generate-hashes --python-version 3.11 -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --group fuzz --generate-hashes --python-version 3.11 -o requirements-fuzz.lock

clean:
	rm -rf .venv .fuzz webapp/static $(FRONT)/node_modules $(CLIENTS)/node_modules .mypy_cache .ruff_cache .pytest_cache

# Pictures of all pages with live data, to be looked at.
screenshots: dev webapp/static/.built
	$(BIN)/python -m tests.e2e.screenshots screenshots

# Pages under docs/ that are made from the code.
docs: dev
	$(BIN)/python -c 'from common.config import describe_config; print(describe_config(), end="")' > docs/configuration.md
	$(BIN)/python -m bench.llhls_check.rule_page > docs/ll-hls-rules.md
	$(BIN)/python -m chatd.schema_page > docs/chat-schema.json

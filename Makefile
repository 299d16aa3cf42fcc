# The same commands for people and CI. `make setup` is what the others do first; a second run takes seconds.
SHELL := /bin/bash
PY ?= python3
BIN := .venv/bin
FRONT := webapp/frontend
PACKAGES := common rtmp hls webapp weir bench
FRONT_SOURCES := $(shell find $(FRONT)/src $(FRONT)/index.html $(FRONT)/*.ts $(FRONT)/*.json -type f 2>/dev/null)

.PHONY: docs setup run check test fuzz bench lock lint types dev front-check clean
.DELETE_ON_ERROR:

setup: .venv/.run webapp/static/.built

run: setup
	$(BIN)/weir serve

# Quick checks, at most three minutes: lint, types, pure and memory-stream tests.
check: dev lint types front-check
	$(BIN)/pytest -q -m "not real and not fuzz"

# Everything: real PostgreSQL, real encoders, a real browser.
test: check webapp/static/.built
	$(BIN)/pytest -q -m "real"

fuzz: dev
	HYPOTHESIS_PROFILE=deep $(BIN)/pytest -q -m "fuzz or not real"

bench: dev webapp/static/.built
	scripts/bench.sh

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	git grep -lE 'async|trio' -- $(PACKAGES:%='%/*.py') | xargs -P2 -n12 $(BIN)/flake8-async \
		--enable ASYNC1,ASYNC2,ASYNC910,ASYNC913 \
		--startable-in-context-manager=serve_rtmp,serve_web,serve,run_demo,run_test_picture
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/codespell README.md docs common rtmp hls webapp/*.py webapp/frontend/src weir bench tests scripts Makefile

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

$(FRONT)/node_modules/.installed: $(FRONT)/package-lock.json .venv/.run
	scripts/npm ci --prefix $(FRONT) --no-audit --no-fund --loglevel=error
	touch $@

webapp/static/.built: $(FRONT)/node_modules/.installed $(FRONT_SOURCES)
	scripts/npm run --prefix $(FRONT) build
	touch $@

# Writes the lock files anew; needs `uv` (pip install uv).
lock:
	uv pip compile -q pyproject.toml --extra build --generate-hashes --python-version 3.11 -o requirements.lock
	uv pip compile -q pyproject.toml --extra build --extra dev --generate-hashes --python-version 3.11 -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv webapp/static $(FRONT)/node_modules .mypy_cache .ruff_cache .pytest_cache

# Pages under docs/ that are made from the code.
docs: dev
	$(BIN)/python -c 'from common.config import describe_config; print(describe_config(), end="")' > docs/configuration.md

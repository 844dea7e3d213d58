# recserve: the commands of the project. `make help` lists them.
# Each first builds its own environment in .venv, exactly as uv.lock says.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
SUPPORTED := import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	if $$p -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
ARGS ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

$(VENV)/.ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUPPORTED)' || \
		{ echo "recserve needs Python 3.11, 3.12 or 3.13 on the PATH (or make PYTHON=/path/to/python)" >&2; exit 1; }
	@test -x $(UV) || { $(PYTHON) -m venv --clear $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@$(UV) sync --quiet --frozen --inexact --python $(BIN)/python --all-extras --no-extra gpu --group docs
	@touch $@

.PHONY: env demo test test-unit check verify format protos bench docs docs-serve help clean
env: $(VENV)/.ready ## build the environment
	@:

demo: env ## clean, train, serve, recommend, give feedback: the whole loop on MovieLens
	@$(BIN)/python examples/demo.py

test: env ## every test, one process for each core (ARGS="…" goes to pytest)
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-unit: env ## the fast tests alone, in seconds
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder -m "not integration" -q

check: env ## format, lint, strict types, import contracts, generated code, Dockerfile
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python .ci/generated.py --check
	@$(BIN)/hadolint Dockerfile
	@$(UV) lock --check --quiet

verify: env ## the long checks: many kills, many fuzzed messages
	@RECSERVE_VERIFY=1 $(BIN)/python -m pytest --timeout 3600 $(ARGS)

format: env ## format the code and mend what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

protos: env ## regenerate the code beside protos/recserve/v1/*.proto
	@$(BIN)/python .ci/generated.py

bench: env ## measure against floors in the same run (ARGS="cost latency --compare saved.json")
	@$(BIN)/python -m benchmarks $(ARGS)

docs: env ## build the site of the documents into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-serve: env ## show it on 127.0.0.1:8000, and again after each change
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --quiet --dev-addr 127.0.0.1:8000

clean: ## remove the environment and everything built
	@rm -rf $(VENV) .demo dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Needs Python 3.11 or later and make. PYTHON=<path> picks another interpreter.
PYTHON ?= python3
BIN := .venv/bin
ENVS := $(PYTHON) scripts/envs.py
PYTEST := python -m pytest -q -n auto --dist worksteal

# The suite starts many interpreters; each would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check bench wheel-smoke constraints clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: ## set up .venv, then watch an agent and a query engine answer, offline
	@$(ENVS) demo
	@$(BIN)/resp demo

test: ## set up .venv and the SDK environments, then run the whole suite
	@$(ENVS) test sdks
	$(BIN)/$(PYTEST)

test-all: ## the suite on the tested and the lowest versions, beside peers, then the newest on PYTHON
	@$(MAKE) --no-print-directory test PYTHON=python3
	@python3 scripts/envs.py lowest langchain18 beside
	.venv-lowest/bin/$(PYTEST)
	.venv-langchain18/bin/$(PYTEST) tests/langchain
	.venv-beside/bin/$(PYTEST) tests/langchain tests/llamaindex
	@$(ENVS) newest
	$$($(PYTHON) -c 'import sys; print(".venv-newest-%d.%d" % sys.version_info[:2])')/bin/$(PYTEST)

check: ## format, lint, types
	@$(ENVS) test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/mypy

bench: ## measure against the peers and the floor
	@$(ENVS) test bench
	$(BIN)/python -m benchmarks

wheel-smoke: ## build the wheel and try it in an environment of its own
	@$(ENVS) test
	$(BIN)/python scripts/wheel_smoke.py

constraints: ## write constraints.txt from the newest allowed versions
	@python3 scripts/envs.py newest
	@python3 scripts/constraints.py

clean: ## remove every environment and cache
	rm -rf .venv .venv-* .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist

# Recast's front door. `make` lists what there is; `make demo` goes from a checkout to a finished video.
# Every path is relative, so that the checkout may lie anywhere, also in a folder with a space in its name.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# A stack is a dozen interpreters: where the environment forbids bytecode, each would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV_VERSION := 0.9.18
# Two for each of two cores: much of a test is waiting.
PYTEST_WORKERS ?= 4

.PHONY: help setup demo up test lint bench clean reset

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: setup ## Set up, start the local stack and make the demo video
	.venv/bin/recast demo

up: setup ## Start the local stack and keep it running until Ctrl-C
	.venv/bin/recast up

test: setup ## Run all tests
	.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup --no-loadscope-reorder

lint: setup ## Check style, types and the direction of imports
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/lint-imports

bench: setup ## Measure what README's figures come from
	.venv/bin/python -m benchmarks

clean: ## Remove all that was installed or built; videos and other data stay
	rm -rf .venv .stamps build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

reset: setup ## Delete the local stack's data: database, videos, passwords
	.venv/bin/python -m cli.stack.remove

setup: .stamps/installed ## Install everything into .venv (the other targets do it when needed)

# A stamp is written when its step is done, so a step that was interrupted is done again.

# Changes only when the checkout was moved, which an installed environment does not survive.
.stamps/place: FORCE
	@mkdir -p .stamps
	@echo "$$PWD" | cmp --quiet - $@ || echo "$$PWD" > $@

.stamps/venv-uv-$(UV_VERSION): .stamps/place
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name yours: make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$("$(PYTHON)" --version), and Recast needs 3.11 or newer. Name another: make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# `uv pip sync` removes what the lock does not name, save uv and pip themselves.
.stamps/installed: .stamps/venv-uv-$(UV_VERSION) requirements.lock pyproject.toml
	@echo "Installing about 200 packages, some minutes at first, seconds from a cache"
	.venv/bin/python -m uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
	.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --editable .
	@touch $@

.PHONY: FORCE
FORCE:

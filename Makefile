# make venv | test | lint | demo | lab | compat | pythons | bench | clean. Any Python from 3.11 on; choose one with:
# make PYTHON=python3.12 …
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := .bench/venv
JOBS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=

# Bytecode is part of what the demo and the table measure, whatever this shell says about writing it.
MEASURED := env -u PYTHONDONTWRITEBYTECODE

.PHONY: help venv test lint unit demo lab compat pythons bench bench-quick format clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

venv: $(STAMP) ## .venv with cloudshelf (editable) and all that tests, checks and JupyterLab need

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=23.2"
	$(BIN)/python -m pip install --quiet --editable ".[test,lint,jupyter,publish]"
	@touch $@

test: lint unit ## lint and every test, the S3 server included

lint: $(STAMP) ## ruff and mypy --strict; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

format: $(STAMP) ## what ruff can put right by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

demo: $(STAMP) ## an embedded shelf in .demo, published and used by a notebook in a kernel that has nothing installed
	$(MEASURED) $(BIN)/python tools/demo.py

lab: $(STAMP) ## JupyterLab on the demo's shelf
	$(MEASURED) $(BIN)/python tools/demo.py --lab

compat: $(STAMP) ## every compatibility case, against ordinary virtual environments; takes most of an hour
	$(MEASURED) $(BIN)/python tests/compat/run.py --jobs $(JOBS)

pythons: $(STAMP) ## importer, environment and faces tests on every other supported Python that this machine has
	$(BIN)/python tests/pythons.py --jobs $(JOBS)

bench: $(BENCH)/.installed ## Cloudshelf beside pip, uv and mounts, and every bar; hours (BENCH_ARGS=--resume goes on)
	$(BENCH)/bin/python -m benchmarks.run $(BENCH_ARGS)

bench-quick: $(BENCH)/.installed ## a small variant of everything in it; five minutes, the second time
	$(BENCH)/bin/python -m benchmarks.run --quick $(BENCH_ARGS)

# An environment of its own: it has matplotlib, which the notebooks of the tests must not find installed.
$(BENCH)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --upgrade "pip>=23.2"
	$(BENCH)/bin/python -m pip install --quiet --editable ".[bench]"
	@touch $@

clean: ## everything that the other targets made
	rm -rf $(VENV) .venv3?? .demo .compat .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

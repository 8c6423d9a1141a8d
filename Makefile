# make venv | test | lint | panel | demo | lab | stress | compat | pythons | bench | clean. Any Python from 3.11 on; choose one with:
# make PYTHON=python3.12 …
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKED := requirements-dev.txt
PANEL := labextension
BUNDLE := cloudshelf_jupyter/labextension/package.json
NODE_MODULES := $(PANEL)/node_modules/.package-lock.json
BENCH := .bench/venv
JOBS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=

# Bytecode is part of what the demo and the table measure, whatever this shell says about writing it.
MEASURED := env -u PYTHONDONTWRITEBYTECODE

.PHONY: help venv lock audit test lint panel unit demo lab screenshots bench-panel stress compat pythons bench bench-quick format clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST)

venv: $(STAMP) ## .venv with cloudshelf (editable) and all that tests, checks and JupyterLab need

$(STAMP): pyproject.toml $(LOCKED)
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@command -v npm >/dev/null || { echo "npm was not found: the JupyterLab panel is built with Node 20.19 or newer; install it, or install cloudshelf from a wheel" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: --requirement $(LOCKED)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/jupyter-builder develop --overwrite cloudshelf_jupyter # a link: Lab loads what is built next, too
	@touch $@

# The panel again when its sources are newer; pip install built it the first time.
$(BUNDLE): $(shell find $(PANEL)/src $(PANEL)/style $(PANEL)/schema -type f) $(PANEL)/package.json | $(STAMP)
	$(BIN)/python $(PANEL)/build.py
	@touch $@

$(NODE_MODULES): $(PANEL)/package-lock.json | $(STAMP)
	cd $(PANEL) && npm ci
	@touch $@

lock: $(STAMP) ## requirements-dev.txt anew: the newest of all that venv installs, for every supported Python, with hashes
	$(BIN)/uv pip compile pyproject.toml --extra jupyter --extra lint --extra publish --extra test --universal \
		--python-version 3.11 --generate-hashes --upgrade --no-annotate --custom-compile-command "make lock" \
		--quiet --output-file $(LOCKED)

audit: $(STAMP) ## known vulnerabilities of what is locked, by pip-audit; needs the internet
	$(BIN)/python tools/audit.py $(LOCKED)

test: lint unit ## lint and every test, the S3 server included

lint: $(STAMP) $(NODE_MODULES) ## ruff and mypy --strict, tsc and eslint; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	cd $(PANEL) && npm run --silent lint

format: $(STAMP) $(NODE_MODULES) ## what ruff, eslint and prettier can put right by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd $(PANEL) && npm run --silent format

panel: $(BUNDLE) ## the JupyterLab panel, built again where its sources are newer

unit: $(STAMP) $(BUNDLE) $(NODE_MODULES)
	cd $(PANEL) && npm run --silent test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

demo: $(STAMP) ## an embedded shelf in .demo, published and used by a notebook in a kernel that has nothing installed
	$(MEASURED) $(BIN)/python tools/demo.py

lab: $(STAMP) $(BUNDLE) ## JupyterLab on the demo's shelf
	$(MEASURED) $(BIN)/python tools/demo.py --lab

screenshots: $(STAMP) $(BUNDLE) ## pictures of the panel, light and dark, wide and narrow, in docs/screenshots
	$(MEASURED) $(BIN)/python tools/screenshots.py

bench-panel: $(STAMP) $(BUNDLE) ## the panel on 10,000 projects and a wheel of 50,000 files; minutes
	$(MEASURED) $(BIN)/python -m benchmarks.panel

stress: $(STAMP) ## every check that can be run in any number: crashes, races, damage, fuzzing; takes most of an hour
	CLOUDSHELF_STRESS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m stress --timeout 3000 $(PYTEST_ARGS)

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
	rm -rf $(PANEL)/lib $(PANEL)/node_modules cloudshelf_jupyter/labextension
	rm -rf $(VENV) .venv3?? .demo .compat .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

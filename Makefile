# Each target makes the environment it needs; a second run has nothing to make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
WORKERS ?= 2
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard fengqiao/locale/*/LC_MESSAGES/*.po))

.PHONY: help run run-env dev test test-all check bench docs lock clean format

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: [^#]*##/\t/' | expand -t 14

run: run-env     ## the whole program with its demo city, until Ctrl-C
	@FENGQIAO_DEMO=$${FENGQIAO_DEMO-1} exec .venv/bin/fengqiao up

run-env: .venv/.run $(CATALOGUES)

dev: .venv/.dev $(CATALOGUES)      ## the environment for working on it

test: dev .venv/.browser           ## every test
	@$(PYTEST) -n $(WORKERS)

test-all: dev .venv/.browser       ## every test, deep; the database tests on PostgreSQL 15 too; wapiti and sqlmap
	@FENGQIAO_TEST_PROFILE=deep $(PYTEST) -n $(WORKERS)
	@folder=$$(scripts/postgresql15.sh); [ -z "$$folder" ] || FENGQIAO_POSTGRESQL=$$folder $(PYTEST) -n $(WORKERS) -m database
	@$(PY) scripts/hostile.py

check: dev       ## format, lint, types, import contracts, migrations, translations, licences
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy fengqiao scripts
	@.venv/bin/lint-imports
	@PYTHONWARNINGS=ignore .venv/bin/django-admin makemigrations --check --dry-run --settings fengqiao.config.settings
	@$(PY) -m fengqiao.config.translations check
	@$(PY) scripts/licences.py check

bench: dev       ## the benchmarks: a table, and bench/results.json
	@$(PY) -m bench

docs: dev        ## what is generated: NOTICE
	@$(PY) scripts/licences.py notice

lock:            ## new lock files from pyproject.toml
	@for kind in run dev; do \
		.venv/bin/uv pip compile --quiet pyproject.toml $$([ $$kind = dev ] && echo --extra dev) --universal \
			--python-version 3.11 --generate-hashes --no-header --no-emit-index-url --output-file requirements/$$kind.txt; \
	done
	@.venv/bin/uv pip compile --quiet requirements/hostile.in --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --output-file requirements/hostile.txt

format: dev      ## format the code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean:           ## remove the environment and what was built; the data stay
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find fengqiao tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run: requirements/run.txt scripts/install.sh
	@echo "Making the environment (once) …"
	@if [ -e .venv/.dev ]; then scripts/install.sh dev; else scripts/install.sh run; fi
	@touch $@

.venv/.dev: requirements/dev.txt scripts/install.sh
	@echo "Making the environment (once) …"; scripts/install.sh dev
	@touch $@ .venv/.run

.venv/.browser: scripts/browser.sh | .venv/.dev
	@scripts/browser.sh
	@touch $@

%.mo: %.po | .venv/.run
	@$(PY) -m fengqiao.config.translations compile
	@touch $@

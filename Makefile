# What a fresh machine needs: make, and Python 3.11 or newer with venv and pip. `make` alone lists the targets.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/installed
OPENAPI := openapi.json

NEEDED = MeStore needs Python 3.11 or newer: install it, or name one, as in `make up PYTHON=python3.12`
define check_python
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null \
	|| { echo 'make: $(PYTHON) is missing or too old. $(NEEDED)'; exit 1; }
endef

# Images that forbid Python its bytecode would have each of our processes compile two thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up demo test bench check check-style check-types check-imports check-migrations check-openapi check-api
.PHONY: relevance openapi format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

up: $(INSTALLED) ## Run the whole marketplace on this machine; Ctrl-C ends it
	@$(BIN)/mestore up

demo: $(INSTALLED) ## Play the main flow against a running `make up`; ARGS=--all plays every way to pay too
	@$(BIN)/mestore demo $(ARGS)

test: $(INSTALLED) ## Run all tests on real embedded servers; ARGS="-k orders" runs some
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

bench: $(INSTALLED) ## How fast it answers, as ratios; ARGS="--products 1000000" fills a larger catalogue
	@$(BIN)/python -m tests.bench $(ARGS)

check: check-style check-types check-imports check-migrations check-openapi check-api ## Everything but the tests
	@echo "all checks passed"

check-style: $(INSTALLED) ## Style: ruff's rules and its format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check-types: $(INSTALLED) ## Types: mypy, strict
	$(BIN)/mypy

check-imports: $(INSTALLED) ## Architecture: which room may import which
	$(BIN)/lint-imports

check-migrations: $(INSTALLED) ## Migrations: up from nothing, equal to the models, and down again
	$(BIN)/python -m tests.check_migrations

check-openapi: $(INSTALLED) ## The committed OpenAPI document is the one the code has
	$(BIN)/python -m tests.check_openapi

check-api: $(INSTALLED) ## The running API keeps to its document, whatever schemathesis sends
	$(BIN)/python -m tests.check_api

relevance: $(INSTALLED) ## How well searches find what buyers ask for; ARGS=--grid tries other weights
	@$(BIN)/python -m mestore.app.relevance.measure $(ARGS)

openapi: $(INSTALLED) ## Write the OpenAPI document
	$(BIN)/mestore openapi --output $(OPENAPI)

format: $(INSTALLED) ## Format the code, and repair what ruff can repair
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## Lock the requirements again; ARGS=--upgrade takes the newest versions
	$(check_python)
	@$(PYTHON) requirements/install.py lock $(ARGS)

clean: ## Remove .venv and caches; the data in .mestore stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests requirements -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements/installer.txt requirements/development.txt requirements/production.in \
		requirements/development.in requirements/installer.in pyproject.toml
	$(check_python)
	@$(PYTHON) requirements/install.py

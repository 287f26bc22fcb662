# Demoscope: everything a person or CI runs here. GNU make, POSIX sh.
#
# `make setup` and `make setup-dev` build .venv/ from the locks alone; stamps in it make the second run instant.
# The dev lock contains the runtime lock, so whoever has the dev environment has the runtime one.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
OUT := .ci/out
ORACLE := .venv-oracle
SPARK := .venv-spark

# What a person may set.
SOURCE ?=
MAPPING ?=
STUDY ?= simulated
PORT ?= 3000
PYTHON ?=
WORKERS ?= 2
ARGS ?=
WORLDS ?=
UPGRADE ?=
CONFIRM ?=
DEMOSCOPE_HOME ?= $(CURDIR)/warehouse$(if $(filter arena,$(STUDY)),-arena)
export SOURCE MAPPING STUDY PYTHON DEMOSCOPE_HOME

# Python keeps what it compiled of this tree, whatever the environment says: compiling it in every process costs seconds.
unexport PYTHONDONTWRITEBYTECODE

# Nothing here reports to anybody: dbt and huggingface_hub, Dagster, Great Expectations.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false

.PHONY: help setup setup-dev setup-spark setup-spark-server setup-oracle leaderboard ui rigging planted test test-slow \
	parity-spark lint lint-format lint-python lint-types lint-imports lint-sql lint-dbt format \
	bench docs-figures weighting-plot calibrate pairing oracle screenshots docs lock clean clean-venv clean-warehouse

help: ## Show this
	@awk 'BEGIN { FS = ":[^#]*## " } /^[a-z-]+:[^#]*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

# --- The environment ---------------------------------------------------------------------------

setup: $(VENV)/.stamp-runtime ## Make .venv/ with the locked dependencies and the project in it
	@:

setup-dev: $(VENV)/.stamp-dev ## The same, with what tests and lint need
	@:

# A Python that fits, then uv (by pip, by hash), which installs the rest in seconds.
$(VENV)/.stamp-bootstrap: requirements-bootstrap.lock
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
	  for python in $${PYTHON:-python3 python3.13 python3.12 python3.11}; do \
	    "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	      && found=$$python && break; \
	  done; \
	  if [ -z "$${found:-}" ]; then \
	    echo "error: Demoscope needs Python 3.11, 3.12 or 3.13; $${PYTHON:-python3} is $$("$${PYTHON:-python3}" -V 2>&1)." >&2; \
	    echo "       Another interpreter: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; \
	  fi; \
	  if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "error: $$found has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	  "$$found" -m venv --clear $(VENV); \
	}
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	  --no-deps --require-hashes -r requirements-bootstrap.lock
	@touch $@

# $(call install,LOCK): exactly what the lock says, then the project itself, editable. One dependency (trueskill) is
# published as source only: it is built with the bootstrap's setuptools, not with what the day's index offers.
define install
	@echo "Installing $(1) into $(VENV) (the first time: about half a minute)" >&2
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --no-build-isolation --compile-bytecode $(1)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
endef

# Where the dev environment stands, the runtime lock must not strip it: the dev lock is installed again instead.
$(VENV)/.stamp-runtime: $(VENV)/.stamp-bootstrap requirements.lock pyproject.toml
	$(call install,$$(test -e $(VENV)/.stamp-dev && echo requirements-dev.lock || echo requirements.lock))
	@touch $@; if [ -e $(VENV)/.stamp-dev ]; then touch $(VENV)/.stamp-dev; fi

$(VENV)/.stamp-dev: $(VENV)/.stamp-bootstrap requirements-dev.lock requirements.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.stamp-runtime

# Another engine beside DuckDB, on top of whichever environment stands; `make setup` or `setup-dev` with a new lock
# takes it away, and then it is installed again.
setup-spark: $(VENV)/.stamp-spark ## Add Sail, an engine of Spark's protocol (180 MB; docs/scale.md)
	@:

$(VENV)/.stamp-spark: requirements-spark.lock $(VENV)/.stamp-runtime
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-build-isolation --compile-bytecode \
	  --requirements requirements-spark.lock \
	  && $(BIN)/python -W ignore -c 'import pysail.spark, pyspark.sql, dbt.adapters.spark' || { \
	  echo "error: Sail could not be installed; what failed stands above. It needs an index of packages that can be reached," >&2; \
	  echo "       and a wheel for this platform. Nothing else needs Sail: DuckDB builds everything." >&2; \
	  exit 1; }
	@touch $@

# Apache Spark itself, whose pyspark has the name of pyspark-client's package: an environment apart. It is published as
# source only, and built with the bootstrap's setuptools. Java is of the system: root has it installed.
setup-spark-server: $(SPARK)/.stamp ## Make .venv-spark/: Apache Spark (450 MB; it needs Java 17), for `make parity-spark`
	@:

$(SPARK)/.stamp: requirements-spark-server.lock requirements-bootstrap.lock | $(VENV)/.stamp-bootstrap
	@command -v java >/dev/null || [ -n "$${JAVA_HOME:-}" ] || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >&2; } || { \
	  echo "error: Apache Spark needs Java 17, and there is none." >&2; \
	  echo "       On Debian and Ubuntu: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	@echo "Installing Apache Spark into $(SPARK) (a download of 450 MB)" >&2
	@$(BIN)/python -m venv --clear --without-pip $(SPARK)
	@for lock in requirements-bootstrap.lock requirements-spark-server.lock; do \
	  $(UV) pip install --quiet --python $(SPARK)/bin/python --require-hashes --no-deps --no-build-isolation -r $$lock || exit 1; \
	done
	@touch $@

# Outside samplers and peers, which need other versions of what we need: an environment apart, for those who ask.
setup-oracle: $(ORACLE)/.stamp ## Make .venv-oracle/: NUTS and arena-rank (750 MB), for `make oracle` and `make bench`
	@:

$(ORACLE)/.stamp: requirements-oracle.lock | $(VENV)/.stamp-dev
	@$(BIN)/python -m venv --without-pip $(ORACLE)
	@$(UV) pip sync --quiet --python $(ORACLE)/bin/python --require-hashes --compile-bytecode requirements-oracle.lock
	@touch $@

# --- The main job ------------------------------------------------------------------------------

leaderboard: setup ## The leaderboard and its page: STUDY=simulated|arena, or your own file: SOURCE=path MAPPING=name|file
	@set -e; if [ -n "$$SOURCE" ]; then \
	  $(BIN)/demoscope ingest "$$SOURCE" $${MAPPING:+--mapping "$$MAPPING"}; \
	  $(BIN)/demoscope build; \
	  $(BIN)/demoscope leaderboard; \
	  $(BIN)/demoscope publish >/dev/null; \
	  page=$$($(BIN)/demoscope site build); echo "Page       $$page" >&2; \
	else \
	  $(BIN)/demoscope study "$$STUDY"; \
	fi

ui: setup ## Dagster's UI on http://127.0.0.1:3000 (PORT=n for another port)
	@set -e; mkdir -p "$$DEMOSCOPE_HOME/dagster"; \
	DEMOSCOPE_HOME=$$(cd "$$DEMOSCOPE_HOME" && pwd); DAGSTER_HOME="$$DEMOSCOPE_HOME/dagster"; \
	export DEMOSCOPE_HOME DAGSTER_HOME; \
	if [ -f orchestration/dagster.yaml ]; then cp orchestration/dagster.yaml "$$DAGSTER_HOME/dagster.yaml"; \
	else printf 'telemetry:\n  enabled: false\n' > "$$DAGSTER_HOME/dagster.yaml"; fi; \
	exec $(BIN)/python -m orchestration.ui --port $(PORT)

# --- Proof -------------------------------------------------------------------------------------

# A file's tests share what they build, so a worker takes files whole; in the order of the tree, where long ones come
# early and the last worker does not run alone.
test: setup-dev ## The tests, less the slow ones (ARGS="-k name" for some)
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

test-slow: setup-dev ## The slow tests
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m slow $(ARGS)

parity-spark: setup-dev setup-spark-server ## Does Apache Spark make the tables that DuckDB makes? A cluster on loopback (minutes)
	@$(BIN)/python -m tests.end_to_end.spark_cluster $(SPARK) \
	  $(BIN)/pytest --durations=0 tests/end_to_end/test_spark_parity.py $(ARGS)

lint: lint-format lint-python lint-types lint-imports lint-sql lint-dbt ## Every check that runs no test

lint-format: setup-dev ## Python is formatted
	@$(BIN)/ruff format --check .

lint-python: setup-dev ## ruff, all rules less those argued away in pyproject.toml
	@$(BIN)/ruff check .

lint-types: setup-dev ## mypy, strict
	@$(BIN)/mypy

lint-imports: setup-dev ## Who may import whom
	@$(BIN)/lint-imports --no-logo

lint-sql: setup-dev ## sqlfluff
	@$(BIN)/sqlfluff lint --processes $(WORKERS) dbt_project

# Parsed from nothing, into a place of its own; dbt_project.yml makes warnings errors.
lint-dbt: setup-dev ## dbt can parse the project
	@$(BIN)/dbt --quiet parse --no-partial-parse --project-dir dbt_project --profiles-dir dbt_project \
	  --target-path "$(CURDIR)/$(OUT)/dbt/target" --log-path "$(CURDIR)/$(OUT)/dbt/logs"

format: setup-dev ## Format Python and SQL, and mend what can be mended
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --quiet --processes $(WORKERS) dbt_project

bench: setup-dev ## The README's figures, measured here
	@$(BIN)/python -m tests.benchmarks $(ARGS)

docs-figures: setup-dev ## Are the figures that pages quote of simulated studies those of today? (minutes)
	@$(BIN)/python -m tests.docs_figures $(ARGS)

weighting-plot: setup-dev ## What weighting mends in a skewed sample, as a picture into docs/
	@$(BIN)/python -m tests.end_to_end.skewed_sample --out docs $(ARGS)

# WORLDS="--worlds tastes heavy --replications 50 --minutes 10" for less of the second part.
calibrate: setup-dev ## Are 95% intervals right, in the model's world and in others? Into docs/ (an hour)
	@$(BIN)/python -m tests.ratings.calibration --out docs $(ARGS)
	@$(BIN)/python -m tests.worlds --out docs $(WORLDS)

pairing: setup-dev ## What choosing battles saves over random pairs, into docs/ (minutes)
	@$(BIN)/python -m tests.ratings.pairing_report --out docs $(ARGS)

# VOTES: crowd-comparisons.csv of LLMFAO, for its rows.
rigging: setup-dev ## How many rigged votes move a model by a rank, or a tier: docs/can-this-board-be-trusted.md
	@$(BIN)/python -m tests.benchmarks.rigging $(if $(VOTES),--votes $(VOTES))

planted: setup-dev ## Which probe finds which planted illusion: docs/can-this-board-be-trusted.md (minutes)
	@$(BIN)/python -m tests.end_to_end.planted

screenshots: setup-dev ## The pictures in docs/, of the page in the warehouse (needs chromium)
	@$(BIN)/python -m tests.screenshots --out docs

# dbt's site is made from the project alone: columns and types are those of the contracts, so no database is needed.
DBT_DOCS = --quiet --project-dir dbt_project --profiles-dir dbt_project \
	--target-path "$(CURDIR)/$(OUT)/dbt-docs" --log-path "$(CURDIR)/$(OUT)/dbt/logs"

docs: export DEMOSCOPE_HOME = $(CURDIR)/$(OUT)/dbt-docs
docs: setup-dev ## The documentation as a book, in .ci/out/docs/, and dbt's site beside it; a dead link is an error
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky docs $(OUT)/docs
	@mkdir -p $(OUT)/dbt-docs $(OUT)/docs/dbt
	@$(BIN)/dbt parse $(DBT_DOCS)
	@$(BIN)/dbt docs generate --static --no-compile --empty-catalog $(DBT_DOCS)
	@mv $(OUT)/dbt-docs/static_index.html $(OUT)/docs/dbt/index.html
	@echo "$(CURDIR)/$(OUT)/docs/index.html"
	@echo "$(CURDIR)/$(OUT)/docs/dbt/index.html"

oracle: setup-oracle ## Sample the exact posterior of small studies anew, into tests/oracle/nuts.json (minutes)
	@mkdir -p $(OUT); $(BIN)/python -m tests.oracle.cases > $(OUT)/cases.json
	@$(ORACLE)/bin/python tests/oracle/nuts.py $(OUT)/cases.json tests/oracle/nuts.json

# --- Upkeep ------------------------------------------------------------------------------------

# Versions and hashes, no addresses. Without UPGRADE=1 only what pyproject.toml demands moves. The dev lock is
# constrained by the runtime lock and Spark's: what two of them name is the same in both.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet $(if $(UPGRADE),--upgrade) \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url

lock: $(VENV)/.stamp-bootstrap ## Regenerate the locks from pyproject.toml (UPGRADE=1 for newer versions)
	@printf 'setuptools\nuv\n' | $(COMPILE) --no-annotate --output-file requirements-bootstrap.lock -
	@$(COMPILE) --extra build --output-file requirements.lock pyproject.toml
	@$(COMPILE) --extra build --extra spark --constraint requirements.lock \
	  --output-file requirements-spark.lock pyproject.toml
	@$(COMPILE) --extra build --extra dev --constraint requirements.lock --constraint requirements-spark.lock \
	  --output-file requirements-dev.lock pyproject.toml
	@$(COMPILE) --group oracle --output-file requirements-oracle.lock
	@$(COMPILE) --no-deps --group spark-server --output-file requirements-spark-server.lock

clean: ## Remove caches and build products; never the warehouse
	@rm -rf build dist logs $(OUT) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
	  dbt_project/target dbt_project/logs
	@find ingestion expectations ratings publishing orchestration dbt_project tests -name __pycache__ -type d -prune -exec rm -rf {} +

clean-venv: ## Remove .venv/, .venv-oracle/ and .venv-spark/
	@rm -rf $(VENV) $(ORACLE) $(SPARK)

clean-warehouse: ## Delete the warehouse, the event log with it (CONFIRM=1)
	@set -e; if [ ! -e "$$DEMOSCOPE_HOME/log/FORMAT" ]; then \
	  echo "error: no warehouse in $$DEMOSCOPE_HOME (it has no log/FORMAT)" >&2; exit 1; \
	elif [ "$(CONFIRM)" != 1 ]; then \
	  echo "This deletes $$DEMOSCOPE_HOME with its event log and vault, for good: make clean-warehouse CONFIRM=1" >&2; exit 1; \
	else chmod -R u+w "$$DEMOSCOPE_HOME"; rm -rf "$$DEMOSCOPE_HOME"; fi

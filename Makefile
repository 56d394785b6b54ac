# `make help` lists what there is. Nothing but Python 3.11, its venv module, make and a network is needed.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export VENV
PORT ?= 8000
export PORT
# Three processes on two cores: one waits for browsers and workers most of the time. N changes it.
N ?= 3
ARGS ?=
# Steps of the hostile walk of `make soak` on each database; COHORTMGR_TEST_SEED changes its way.
WALK ?= 2000
# What `make near` compares with; empty: what is not committed.
BASE ?=

.DEFAULT_GOAL := help
.PHONY: help env env-base demo test near quick check bench soak lock fmt messages shots

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

env:  ## make .venv from the pinned packages, when they changed
	@$(PYTHON) requirements/install.py test

env-base:
	@$(PYTHON) requirements/install.py base

demo: env-base  ## the demonstration on 127.0.0.1:8000 (PORT changes it, COHORTMGR_DATA its folder); Ctrl-C stops it
	@exec $(BIN)/python -m cohortmgr.demo.commands.serve

test: env  ## the whole suite: SQLite, PostgreSQL, Redis, browser
	@$(BIN)/python -m pytest -n $(N) --durations=5 $(ARGS)

near: env  ## the tests of the rooms that a change touches and of those above (BASE=main: all since then; ARGS=--show)
	@$(BIN)/python -m tests.near $(if $(BASE),--base $(BASE)) -n $(N) $(ARGS)

quick: env  ## SQLite alone, no server and no browser: under a minute
	@$(BIN)/python -m pytest -n $(N) --quick $(ARGS)

check: env  ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: env  ## measure, each figure beside its floor
	@$(BIN)/python -m bench $(ARGS)

soak: env  ## a long run, watched for leaks and broken invariants; a long hostile walk (WALK steps); each screen over a slow line
	@$(BIN)/python -m bench.soak $(ARGS)
	@COHORTMGR_TEST_WALK=$(WALK) $(BIN)/python -m pytest -q -n $(N) tests/hostile
	@COHORTMGR_TEST_LAG=0.3 COHORTMGR_TEST_ZOOM=all $(BIN)/python -m pytest -q -n 3 tests/browser

shots: env  ## pictures of each screen into shots/ (ignored by git)
	@$(BIN)/python -m tests.browser.shots $(ARGS)

# Addresses of registries stay out of the locks: they must install from any mirror.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --no-header --no-annotate $(ARGS)

lock: env  ## pin requirements/*.in anew (ARGS=--upgrade for newer releases)
	@$(COMPILE) -o requirements/base.txt requirements/base.in
	@$(COMPILE) -o requirements/sources.txt requirements/sources.in
	@$(COMPILE) -o requirements/test.txt requirements/test.in
	@$(COMPILE) -o requirements/services.txt requirements/services.in
	@! grep -nE '://|find-links|index-url' requirements/*.txt

fmt: env  ## format the sources
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

messages: env  ## bring the catalogues to what the sources say; then translate what is empty in them
	@$(BIN)/python -m cohortmgr.base.catalogues
	@$(PYTHON) requirements/install.py test

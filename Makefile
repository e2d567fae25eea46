# Everything a developer types. Each target makes .venv first, from PYTHON (3.11 or newer).
PYTHON ?= python3
PORT ?= 8000

VENV := .venv
RUN := $(VENV)/bin/python
QUICK := $(addprefix tests/,architecture docs environment health mutants database tenancy tasks limits runs hooks redaction maintenance rest schedules worker typed kit)
CORE_TESTS := $(addprefix tests/,tasks schedules typed kit tenancy database rest worker) tests/test_database_fixture.py
# these say themselves at which isolation level they run, or are about kills, types or time alone
CORE_TESTS += $(addprefix --ignore=tests/,database/test_isolate.py schedules/test_year.py worker/test_chaos.py typed/test_type_checkers.py)

# for every Python from 3.11 on, with the hash of each file that the package index has of these versions
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make requirements" $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade)

.PHONY: help up reset demo smoke test test-single test-postgres15 quick cells hour screenshots soak-console chaos chaos-config chaos-s3 fuzz mutants bench bench-snapshot bench-crash lint requirements start init-db

help:  ## this list
	@sed -nE 's/^([a-z0-9-]+):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 16

up: $(VENV)/installed  ## all of Taskrunner on this machine until Ctrl-C, data in .taskrunner/
	$(RUN) -m taskrunner.devserver.up --port $(PORT)

reset:  ## delete the data of `make up`, after asking; FORCE=1 does not ask
	@[ -n "$(FORCE)" ] || { printf 'Delete .taskrunner and all that is in it? [y/N] '; read answer; [ "$$answer" = y ]; }
	rm -rf .taskrunner

demo: $(VENV)/installed  ## the same for a minute, with a killed worker in it; leaves nothing
	$(RUN) -m taskrunner.devserver.demo

smoke: $(VENV)/installed  ## the public API of what runs at TASKRUNNER_URL, or of what `make up` started, step by step
	@if [ -z "$$TASKRUNNER_URL" ] && [ -f .taskrunner/env ]; then . .taskrunner/env; fi; $(RUN) -m taskrunner.devserver.smoke

test: lint  ## what CI runs
	$(RUN) -m pytest -n 3 --dist loadfile
	$(MAKE) test-single

test-single: $(VENV)/installed-dev  ## the core of the suite without roles and policies: the isolation level of a host project
	TASKRUNNER_ISOLATION=single $(RUN) -m pytest -n 3 --dist loadfile $(CORE_TESTS)

test-postgres15: $(VENV)/installed-dev  ## the same on Debian's PostgreSQL 15, the oldest that a host may have
	$(RUN) -m tests.postgres15 $(CORE_TESTS)

quick: $(VENV)/installed-dev  ## the core's tests that start no processes, in two minutes
	$(RUN) -m pytest -p tests.plugin_quick -n 2 --dist loadfile -q -r fE $(QUICK)

cells: $(VENV)/installed-dev  ## the package in fresh projects: every combination of Django, Python, driver and isolation level
	TASKRUNNER_ALL_CELLS=1 $(RUN) -m pytest tests/package

hour: $(VENV)/installed-dev  ## docs/tutorial.md followed in a new project: from the wheel to its first task, how long each part takes
	$(RUN) -m tests.package.hour

screenshots: $(VENV)/installed-dev  ## every screen of the console as pictures in .taskrunner/screenshots (SCREENSHOTS=directory)
	$(RUN) -m pytest -q tests/browser/screenshots.py

soak-console: $(VENV)/installed-dev  ## the console in front of two million tasks: how long each page and each of the ten jobs takes
	$(RUN) -m pytest -q -s tests/browser/soak.py

chaos: $(VENV)/installed-dev  ## half an hour of kills and restarts, judged by the database
	$(RUN) -m tests.chaos

chaos-s3: $(VENV)/installed-dev  ## the object store stopped for half a minute while tasks attach
	$(RUN) -m tests.chaos --scenario s3_stopped

chaos-config: $(VENV)/installed-dev  ## its part about the configuration, two minutes
	$(RUN) -m tests.chaos --scenario config_storm --scenario config_survives

fuzz: $(VENV)/installed-dev  ## made-up requests to the API, ten minutes (FUZZ_SECONDS=60: another length of each half), then 30,000 hostile inputs
	FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(RUN) -m pytest tests/openapi/test_fuzz.py tests/inputs -s

mutants: $(VENV)/installed-dev  ## do the tests notice planted faults? takes some minutes
	$(RUN) -m tests.mutants

bench: $(VENV)/installed-dev  ## every figure of docs/performance.md, on a machine that does nothing else
	$(RUN) -m benchmarks

bench-snapshot: $(VENV)/installed-dev  ## throughput while another session holds a snapshot for five minutes
	$(RUN) -m benchmarks --only snapshot_long

bench-crash: $(VENV)/installed-dev  ## every worker killed halfway, here and with the peers
	$(RUN) -m benchmarks --only crash

lint: $(VENV)/installed-dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy .

requirements: $(VENV)/installed-dev  ## requirements*.txt anew, after a change of a requirements*.in; UPGRADE=1 brings what they bring up to date
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	$(COMPILE) tests/tenancy/policies/requirements.in --output-file tests/tenancy/policies/requirements.txt

start:  ## in containers, with the secrets of .env
	docker compose up -d --build

init-db:  ## migrate the database of the containers
	docker compose run --rm migrate

$(VENV)/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Taskrunner needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

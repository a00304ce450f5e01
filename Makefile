# All that is made lies below build/. A fresh Debian or Ubuntu needs git, make and python3-venv, and nothing else.

MAKEFLAGS += --no-print-directory

# The versions of all test tools; `make lock` renews them. Empty: the newest, which `make test-newest` takes.
export LOCK := tests/constraints.txt
VENV := build/venv
# 1: with the tests that are marked long, and more random cases, as `make test-all` has it.
LONG :=

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export PIP_DISABLE_PIP_VERSION_CHECK := 1

INSTALL := install -qq $(if $(LOCK),-c $(LOCK))
SHORT := $(if $(LONG),,not long)
PYTEST := pytest $(if $(LONG),,-m "$(SHORT)")
ifneq ($(LONG),)
export MAILOPS_CASES ?= 60
export MAILOPS_EXAMPLES ?= 500
export MAILOPS_LAB_EXAMPLES ?= 40
endif

READY := $(VENV)/.stamp
BENCH := build/bench/venv/.stamp
COLLECTION := build/collections/ansible_collections/mailops/profiles
PARTS := lint sanity unit programs plays integration molecule readme reliability lab hosts
MATRIX := matrix-2.16 matrix-2.19 matrix-2.21

.PHONY: help demo test test-all test-newest $(PARTS) lab-all matrix $(MATRIX) mutation bench bench-quick clients-table pictures lock prepare packages clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*##/ {printf "  make %-14s %s\n", $$1, $$2} /^## / {printf "\n%s\n", substr($$0, 4)}' Makefile

demo:  ## three users' accounts below build/demo: the dry run, the run, a second run, a change
	@demo/run

test: prepare  ## every part below, with the newest ansible-core, and a summary: less than half an hour on two cores
	@.ci/test $(PARTS)

test-all:  ## all there is: every ansible-core, every log-in, long batteries: an hour and more
	@$(MAKE) test LONG=1 PARTS="$(PARTS) $(MATRIX)"

test-newest:  ## `make test` with the newest version of every tool, instead of those in tests/constraints.txt
	@rm -rf build/newest
	@$(MAKE) test LOCK= VENV=build/newest

## The parts of make test (LONG=1 as in make test-all):

lint: $(READY) $(COLLECTION)  ## ruff, yamllint, ansible-lint, antsibull-changelog
	ruff check
	yamllint --strict .
	ansible-lint --offline --profile production
	antsibull-changelog lint

sanity: $(READY) packages  ## ansible-test sanity, without exceptions
	.ci/sanity $(VENV)

unit: prepare  ## the unit tests: a minute
	pytest -m "$(if $(SHORT),$(SHORT) and )not programs" -n auto tests/unit

programs: prepare  ## what mail programs and a browser read in the files
	pytest -m "$(if $(SHORT),$(SHORT) and )programs" -n auto tests/unit

plays: prepare  ## the role, the playbooks and the modules, as ansible-playbook and AWX run them
	$(PYTEST) -n auto tests/plays

integration: $(READY) packages  ## ansible-test integration; with TARGET=name a single target
	.ci/integration $(VENV) build/integration $(TARGET)

molecule: $(READY) $(COLLECTION)  ## the role in a molecule scenario
	cd extensions && molecule test

readme: $(READY)  ## make demo, and README.md's first playbook, word for word, as an ordinary user
	$(PYTEST) tests/readme

reliability: prepare  ## hostile homes, crashes, drift, leaks; with MAILOPS_CASES=number more of each
	$(PYTEST) -n 2 tests/reliability

lab: prepare  ## real mail programs against a real mail server, as root
	$(PYTEST) tests/lab/test_lab.py  # looks at the whole machine, so nothing else may start or stop labs
	$(PYTEST) -n 4 --dist loadfile tests/lab --ignore tests/lab/test_lab.py

lab-all:  ## the lab with every combination: each log-in, by the programs of each Debian release
	@$(MAKE) lab LONG=1

hosts: prepare  ## the rollout over ssh, to hosts of which some fail, one of them of another Debian release, as root
	$(PYTEST) -n 2 tests/hosts

## Only in make test-all:

matrix: $(MATRIX)  ## unit and integration with each ansible-core that is supported

$(MATRIX): $(COLLECTION) packages
	@.ci/matrix $(@:matrix-%=%)

## Other:

mutation: prepare  ## mistakes planted in the code, which the unit tests have to find; a random sample, about a minute for each; as root
	python tests/mutation.py $(or $(MAILOPS_CASES),60) 1

bench: $(BENCH) $(COLLECTION) packages  ## measure everything, beside peers, for docs/benchmarks.md; as root, on a quiet machine
	build/bench/venv/bin/python benchmarks/bench.py

bench-quick: $(BENCH) $(COLLECTION) packages  ## the same with small numbers, for build/bench/benchmarks.md
	build/bench/venv/bin/python benchmarks/bench.py --quick

clients-table: prepare  ## docs/clients.md, from the registry of clients
	MAILOPS_WRITE_EXPECTED=1 pytest -q tests/unit/clients/test_document.py

pictures: prepare  ## the pictures of docs/setup-page.md, by Chromium
	PYTHONPATH=build/collections python -m tests.pictures

lock:  ## tests/constraints.txt: the newest version of every test tool, from now on
	@.ci/lock

clean:  ## remove build/
	rm -rf build

prepare: $(READY) $(COLLECTION) packages
	@.ci/community build/community

packages:
	@.ci/packages

$(READY): tests/requirements.txt tests/unit/requirements.txt tests/without-dependencies.txt requirements.txt $(LOCK)
	@python=$$(.ci/find-python) && rm -rf $(VENV) && $$python -m venv $(VENV) && echo "$(VENV): $$(python --version)"
	@pip $(INSTALL) -r tests/requirements.txt
	@pip $(INSTALL) --no-deps -r tests/without-dependencies.txt
	@touch $@

# A peer that does not install is left out.
$(BENCH): benchmarks/requirements.txt $(LOCK)
	@rm -rf build/bench/venv && "$$(.ci/find-python)" -m venv build/bench/venv
	@build/bench/venv/bin/pip $(INSTALL) -r $< || \
	  grep '^[a-z]' $< | while IFS= read -r each; do build/bench/venv/bin/pip $(INSTALL) "$$each" || echo "$$each does not install"; done
	@touch $@

# A link, so that the tests see the working tree as it is.
$(COLLECTION):
	@mkdir -p $(@D) && ln -sfn ../../../.. $@

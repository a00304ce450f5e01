# All that is made lies below build/. A fresh Debian or Ubuntu needs git, make and python3-venv, and nothing else.

MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/build/venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := build/venv/.stamp
BENCH := build/bench/venv/.stamp
COLLECTION := build/collections/ansible_collections/mailops/profiles
MATRIX := matrix-2.16 matrix-2.19 matrix-2.21
export MATRIX

.PHONY: help demo test prepare lint sanity unit integration molecule reliability lab hosts clients-table matrix $(MATRIX) bench bench-quick packages clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*##/ {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo:  ## three users' accounts below build/demo: the dry run, the run, a second run, a change
	@demo/run

test: prepare  ## all of the following, and a summary
	@.ci/test

lint: $(VENV) $(COLLECTION)  ## ruff, yamllint, ansible-lint, antsibull-changelog
	ruff check
	yamllint --strict .
	ansible-lint --offline --profile production
	antsibull-changelog lint

sanity: $(VENV)  ## ansible-test sanity, without exceptions
	.ci/sanity build/venv

unit: prepare  ## the unit tests, in seconds
	pytest -n auto tests/unit

integration: $(VENV)  ## ansible-test integration; with TARGET=name a single target
	.ci/integration build/venv build/integration $(TARGET)

molecule: $(VENV) $(COLLECTION)  ## the role in a molecule scenario
	cd extensions && molecule test

reliability: prepare  ## hostile homes, crashes, drift, leaks; with MAILOPS_CASES=number more of each
	pytest -n 2 tests/reliability

lab: prepare  ## real mail programs against a real mail server, as root
	pytest tests/lab/test_lab.py  # looks at the whole machine, so nothing else may start or stop labs
	pytest -n 4 --dist loadfile tests/lab --ignore tests/lab/test_lab.py

hosts: prepare  ## the rollout over ssh, to hosts of which some fail, one of them of another Debian release, as root
	pytest -n 2 tests/hosts

clients-table: prepare  ## docs/clients.md, from the registry of clients
	MAILOPS_WRITE_EXPECTED=1 pytest -q tests/unit/clients/test_document.py

matrix: $(MATRIX)  ## unit and integration with each ansible-core that is supported

$(MATRIX): $(COLLECTION) packages
	@.ci/matrix $(@:matrix-%=%)

bench: $(BENCH) $(COLLECTION) packages  ## measure everything, beside peers, for docs/benchmarks.md; as root, on a quiet machine
	build/bench/venv/bin/python benchmarks/bench.py

bench-quick: $(BENCH) $(COLLECTION) packages  ## the same with small numbers, for build/bench/benchmarks.md
	build/bench/venv/bin/python benchmarks/bench.py --quick

clean:  ## remove build/
	rm -rf build

prepare: $(VENV) $(COLLECTION) packages

packages:
	@.ci/packages

$(VENV): tests/requirements.txt tests/unit/requirements.txt requirements.txt
	@python=$$(.ci/find-python) && rm -rf build/venv && $$python -m venv build/venv && echo "build/venv: $$(python --version)"
	@pip install -qq -r tests/requirements.txt
	@touch $@

# A peer that does not install is left out.
$(BENCH): benchmarks/requirements.txt
	@rm -rf build/bench/venv && "$$(.ci/find-python)" -m venv build/bench/venv
	@build/bench/venv/bin/pip install -qq -r $< || for each in $$(sed 's/ *#.*//; s/ //g' $<); do build/bench/venv/bin/pip install -qq $$each || echo "$$each does not install"; done
	@touch $@

# A link, so that the tests see the working tree as it is.
$(COLLECTION):
	@mkdir -p $(@D) && ln -sfn ../../../.. $@

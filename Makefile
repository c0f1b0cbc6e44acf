# make course   set everything up, run all lessons with their answers, grade them, print a table
# make test     set everything up, pass the tests
.PHONY: help course test thorough check setup lab build site lint format prove bench lock clean

VENV ?= .venv
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready
# Two test processes: more only fight for the cores of a small machine.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM = false
export OMP_NUM_THREADS ?= 1

help:
	@grep -E '^# make|^#: ' $(MAKEFILE_LIST) | sed 's/^#:* *//'

course: setup
	$(BIN)/course run

test: setup
	$(BIN)/python -m pytest $(PARALLEL) -m "not thorough"

#: make setup    the environment in .venv, from requirements.lock
setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v[:2] <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -e .
	$(BIN)/python -m pip check
	touch $(READY)

#: make lab      open the notebooks in JupyterLab: your own copies, in my/
lab: setup
	$(BIN)/course lab

#: make build    lessons to notebooks
build: setup
	$(BIN)/course build

#: make site     the course as pages to read, in build/site/html, from what make course left
site: setup
	$(BIN)/python site/make.py

#: make lint     ruff on code, lessons and notebooks; types; generated files against their sources
lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/course build --check

#: make thorough  what make test shows for some lessons and exercises, for all: some forty minutes
thorough: setup
	$(BIN)/python -m pytest $(PARALLEL) -m thorough

#: make check    what one runs while working, in under 90 seconds: make lint and the fast tests
check: lint
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not journey and not thorough"

#: make format   let ruff mend what it can
format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

#: make prove    the mutation score of every check
prove: setup
	$(BIN)/course prove

#: make bench    the benchmarks, as ratios
bench: setup
	$(BIN)/python -m benchmarks.word2vec
	$(BIN)/python -m benchmarks.checks
	$(BIN)/python -m benchmarks.library.search --rounds 3
	$(BIN)/python -m benchmarks.library.mining --rounds 3
	$(BIN)/python -m benchmarks.library.losses --runs 3 --no-memory
	$(BIN)/python -m benchmarks.library.late_interaction --rounds 3 --no-memory

#: make lock     requirements.lock anew, from a clean environment of all that pyproject.toml asks for
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install -q torch==2.13.0
	# soupsieve 3.0.2 and later want Python 3.11.5, and Debian 12 has 3.11.2
	build/lock/bin/python -m pip install -q 'soupsieve<3' -e '.[dev]'
	build/lock/bin/python -m pip check
	{ grep '^#' requirements.lock; build/lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > build/lock/lock
	mv build/lock/lock requirements.lock

#: make clean    remove what was built; the environment stays
clean:
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis

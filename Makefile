# make demo: set up, convert the reference trial, say where to look.   make test: set up, run the tests.
# make interop: fetch HAPI FHIR through Maven, start it on loopback, and hold what we write against it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# The FHIR releases whose servers `make interop` starts.
RELEASES ?= R4 R5
# ALL=1 sends and validates all of CDISC's sample submission, not a part of it.
ALL ?=

.PHONY: demo test interop check bench fast docs clean $(RELEASES:%=interop-%)

$(BIN)/trialect: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; assert sys.version_info >= (3, 11), "trialect needs Python 3.11 or newer"'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q trialect
	@touch $(BIN)/trialect

demo: $(BIN)/trialect
	$(BIN)/trialect demo demo

test: $(BIN)/trialect
	$(BIN)/python -m pytest -n auto

interop: $(BIN)/trialect
	@$(BIN)/python tests/interop/hapi.py
	$(MAKE) -j $(words $(RELEASES)) $(RELEASES:%=interop-%)

# A release is asked by a process of its own: the servers start and answer at the same time.
$(RELEASES:%=interop-%): interop-%: $(BIN)/trialect
	TRIALECT_INTEROP=$* TRIALECT_INTEROP_ALL=$(ALL) $(BIN)/python -m pytest tests/interop \
	  -m interop -rs --durations=15

check: $(BIN)/trialect
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(BIN)/trialect
	$(BIN)/python -m benchmarks

docs: $(BIN)/trialect
	$(BIN)/python scripts/build_docs.py

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache

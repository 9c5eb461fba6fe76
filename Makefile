# Two commands matter: `make demo` and `make test`. Both install what they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt

.PHONY: demo panel bench test test-fast lint format types check locked clean

demo: $(VENV)/.demo-installed
	$(BIN)/tunet demo -o demo_output

# The panel of the 3D Slicer module in a window, for people without Slicer; CT=FILE loads a CT.
panel: $(VENV)/.panel-installed
	PYTHONPATH=Testing $(BIN)/python -m bench TuNetSegmentation/TuNetSegmentation.py $(CT)

# Speed and memory beside MONAI and nnU-Net, in one run; CT=FILE of the scan the kidneys' boxes belong to.
bench: $(VENV)/.bench-installed
	PYTHONPATH=Testing/benchmarks PATH="$(CURDIR)/$(BIN):$$PATH" Testing/benchmarks/all.sh $(CT)

test: $(VENV)/.test-installed
	$(BIN)/python -m pytest

test-fast: $(VENV)/.test-installed
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.test-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.test-installed
	$(BIN)/mypy

check: lint types test

# What CI tests with: the packages of .ci/requirements.txt and no others, by their hashes (tools/lock_ci.py).
locked: | $(BIN)/python
	@tools/system_libraries.sh
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r .ci/requirements.txt
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.test-installed

clean:
	rm -rf $(VENV) demo_output

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo-installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing TuNet into $(VENV) (PyTorch included; a few minutes the first time)"
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/.panel-installed: pyproject.toml constraints.txt | $(BIN)/python
	@tools/system_libraries.sh
	@echo "Installing TuNet and its panel into $(VENV) (PyTorch included; a few minutes the first time)"
	$(PIP) --editable '.[panel]'
	@touch $@

# nnU-Net without what only its training needs, so that nothing pulls another PyTorch in.
$(VENV)/.bench-installed: pyproject.toml constraints.txt Testing/benchmarks/peers.txt | $(BIN)/python
	@echo "Installing TuNet and its peers into $(VENV)"
	$(PIP) --editable '.[bench]'
	$(PIP) --no-deps -r Testing/benchmarks/peers.txt
	@touch $@

$(VENV)/.test-installed: pyproject.toml constraints.txt | $(BIN)/python
	@tools/system_libraries.sh
	@echo "Installing TuNet and its test tools into $(VENV)"
	$(PIP) --editable '.[test]'
	@touch $@

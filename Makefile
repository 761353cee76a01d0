PYTHON ?= python3
BIN := .venv/bin

.PHONY: install run test proofs-coq

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt requirements-nodeps.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-nodeps.txt
	touch $@

run: install
	$(BIN)/invariance report

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --nbmake --cov --cov-report=term

proofs-coq: install
	@command -v coqc || { echo "Coq with MathComp is needed: apt-get install coq libcoq-mathcomp-algebra"; exit 2; }
	$(BIN)/invariance verify --coq

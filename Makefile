PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: install lock run test proofs-coq

install: .venv/installed

# Files whose SHA-256 is listed, and no others. First a torch for CPUs alone, where a folder has it; one that wants
# the libraries of CUDA does not import without them.
.venv/installed: pyproject.toml hashes.txt hashes-local.txt hashes-cuda.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(PIP) --no-index --require-hashes --no-deps --requirement hashes-local.txt 2>/dev/null || true
	$(PIP) --require-hashes --no-deps --requirement hashes.txt
	$(BIN)/python -c "import torch" 2>/dev/null || $(PIP) --require-hashes --no-deps --requirement hashes-cuda.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

lock:
	$(PYTHON) -m tools.lock --upgrade

run: install
	$(BIN)/invariance report

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --level error
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder --nbmake --cov --cov-report=term

proofs-coq: install
	@command -v coqc || { echo "Coq with MathComp is needed: apt-get install coq libcoq-mathcomp-algebra"; exit 2; }
	$(BIN)/invariance verify --coq

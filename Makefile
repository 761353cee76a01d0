PYTHON ?= python3
BIN := .venv/bin
PYTEST_OPTIONS := -n 2 --dist loadfile --no-loadscope-reorder --nbmake
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: install lock run test coverage bench growth site wheel-test torch-test python-test conda-test proofs-coq gpu gpu-wheels

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
	OMP_NUM_THREADS=1 $(BIN)/pytest $(PYTEST_OPTIONS)

coverage: PYTEST_OPTIONS += --cov --cov-report=term
coverage: test

# Ratios to peers and to what the machine can do, as a page; AGAINST=docs/performance.json tells what became slower.
bench: install
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks $(if $(AGAINST),--against $(AGAINST),--json docs/performance.json --page docs/performance.md)

growth: install
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.growth docs/growth.md

site: install
	$(BIN)/python -m tools.site --out site --execute

# The wheel, with all that it depends on from the index, in an environment of its own; then ten lines and four commands,
# and whether mypy sees its types.
wheel-test:
	rm -rf build/wheel-test && $(PYTHON) -m venv build/wheel-test
	build/wheel-test/bin/python -m pip install --quiet --constraint constraints.txt . mypy
	cd build && wheel-test/bin/python ../tools/smoke.py && wheel-test/bin/python ../tools/typed.py mypy

# The oldest torch that is declared and the newest that there is, each of some gigabytes. 2.5 lacks
# `torch.export.Dim.DYNAMIC`, by which `prove` traces a network for batches of any size.
torch-test:
	for torch in "torch==2.6.*" "torch"; do \
		rm -rf build/torch-test && $(PYTHON) -m venv build/torch-test || exit 1; \
		build/torch-test/bin/python -m pip install --quiet "$$torch" . || exit 1; \
		(cd build && torch-test/bin/python ../tools/smoke.py) || exit 1; \
	done

# Each Python that is declared and is here, with the newest of everything.
python-test:
	for python in python3.11 python3.12 python3.13; do \
		$$python -c "" 2>/dev/null || { echo "$$python is not here"; continue; }; \
		rm -rf build/python-test && $$python -m venv build/python-test || exit 1; \
		build/python-test/bin/python -m pip install --quiet . || exit 1; \
		(cd build && python-test/bin/python ../tools/smoke.py) || exit 1; \
	done

# Whether the recipe is one: what it renders to, without asking a channel.
conda-test:
	rm -rf build/conda-test && $(PYTHON) -m venv build/conda-test
	build/conda-test/bin/python -m pip install --quiet py-rattler-build
	build/conda-test/bin/python -c 'from rattler_build import *; \
		print(Stage0Recipe.from_file("packaging/conda/recipe.yaml").render(VariantConfig(), RenderConfig()))'

proofs-coq: install
	@command -v coqc || { echo "Coq with MathComp is needed: apt-get install coq libcoq-mathcomp-algebra"; exit 2; }
	$(BIN)/invariance verify --coq

# On a machine with a card: tests, figures and trainings, as far as MINUTES go; the same command goes on the next time.
# DATA: the folder of the images, without which nothing is trained; NOTE: what they are, if not the canonical files, such
# as "JPEG re-encoding". What the machine lacks is listed by gpu-wheels, to be carried along. DRY=1: the same code on a
# CPU, small, on noise, in build/gpu-dry.
MINUTES ?= 25
gpu:
	$(PYTHON) -m tools.gpu --minutes $(MINUTES) $(if $(DRY),--dry) $(if $(DATA),--data $(DATA)) $(if $(NOTE),--note '$(NOTE)') $(if $(OUT),--out $(OUT))

gpu-wheels:
	@$(PYTHON) -m tools.gpu.wheels

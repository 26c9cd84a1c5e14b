# The commands of Dougong. `make run` and `make test` are all that is needed; both begin with `make install`.

.DEFAULT_GOAL := help
.PHONY: help run install test check format coverage reference lock audit bench pictures clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: install ## install, then serve a sales CRM with sample data on http://127.0.0.1:8000
	@.venv/bin/dougong run

install: ## make .venv with the dougong command and all that tests and benchmarks need
	@scripts/install.sh

test: install ## get a PostgreSQL server and Chromium, then run every check and test
	@scripts/test.sh

check: install ## the checks that run no code: style, types, imports between rooms
	@scripts/check.sh

format: install ## put the code into its form
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format --quiet .

coverage: install ## run the tests and show which lines none of them ran
	@scripts/prepare.sh
	@.venv/bin/coverage erase
	@.venv/bin/coverage run -m pytest --quiet --numprocesses=auto
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report

reference: install ## renew the pages of docs/reference that are made from the source
	@.venv/bin/python scripts/problems.py
	@.venv/bin/python scripts/metadata_reference.py
	@.venv/bin/python scripts/function_reference.py

lock: ## renew requirements.lock with the newest versions that pyproject.toml allows
	@scripts/lock.sh

audit: ## ask whether anything in requirements.lock is known to be vulnerable (needs the network)
	@scripts/audit.sh

bench: install ## measure the engine against the same operations written by hand
	@scripts/prepare.sh
	@.venv/bin/python -m tests.benchmarks
	@.venv/bin/python -m tests.benchmarks.formulas
	@.venv/bin/python -m tests.benchmarks.formula_reads
	@.venv/bin/python -m tests.benchmarks.publishing
	@.venv/bin/python -m tests.benchmarks.visibility
	@.venv/bin/python -m tests.benchmarks.automating --rows 100000 --rounds 1
	@.venv/bin/python -m tests.benchmarks.automating --rows 100000 --rounds 1 --database postgresql

pictures: install ## take the pictures of docs/pictures
	@scripts/prepare.sh --pictures
	@.venv/bin/python -m scripts.pictures

clean: ## remove what the commands made, but the data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov dist build

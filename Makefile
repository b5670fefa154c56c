# Bursar on one machine. Two commands matter: `make run` and `make test`. Both make var/venv themselves.
#
# Tools are called as "$(VENV)/bin/python" -m …: the scripts beside it name their Python by an absolute path, which a
# path with a space or a moved checkout breaks. What waits for Ctrl-C is started with exec: make hands SIGTERM to its
# child alone, and a shell in between would keep it.

SHELL := /bin/sh
VENV := var/venv
PY := "$(VENV)/bin/python"
PYTHON ?=
export PYTHON
BROWSERS := chromium chromium-browser google-chrome

.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts format db migrate seed proof bench faults answers pages prism shots reset lock assets browser readers
.PHONY: env-run env-test bench-screening bench-orders bench-queue bench-withdrawals bench-trading bench-home bench-matching bench-statements scenario
.PHONY: office

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: env-run ## Start everything, print the addresses and the demo sign-ins; Ctrl-C stops it (PORT=8000, LOG=1)
	@exec $(PY) -m dev.run

test: env-test ## Run every check and every test
	@$(MAKE) --no-print-directory -j 2 lint types contracts
	@sh dev/debian.sh chromium quietly $(BROWSERS)
	@sh dev/debian.sh hledger quietly hledger
	@$(PY) -m pytest -n 3 --dist loadgroup

lint: env-test ## Check style and format
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: env-test ## Check types
	@$(PY) -m mypy

contracts: env-test ## Check which room may import which
	@$(PY) "$(VENV)/bin/lint-imports" --cache-dir var/cache/imports --no-logo

format: env-test ## Put the code in the house's format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

db: env-run ## Open psql on the development database, as its owner
	@exec $(PY) -m dev.within psql

migrate: env-run ## Bring the development database to the newest migration
	@$(PY) -m dev.within python -m migrations.migrate

seed: env-run ## Load the demo business
	@$(PY) -m dev.within python -m flask --app wsgi demo seed

proof: env-run ## Prove the books: every invariant of the ledger, over every row
	@$(PY) -m dev.within python -m flask --app wsgi ledger check

bench: env-test ## Measure the books beside their floors and peers (BENCH="--rounds 1 --only single hot")
	@$(PY) -m bench $(BENCH)

scenario: env-test ## Replay a month whose truth is known and print what came of each line (DIR=folder)
	@$(PY) -m bench.scenario "$(DIR)"

bench-matching: env-test ## Match a million lines and entries, beside DuckDB in memory; page through as many breaks (BENCH="--size 100000")
	@$(PY) -m bench.matching $(BENCH)
	@$(PY) -m bench.break_queue $(BENCH)

bench-queue: env-test ## Measure the page of the review queue over 200,000 applications (BENCH="--calls 20")
	@$(PY) -m bench.queue $(BENCH)

bench-orders: env-test ## Measure the console's orders, a million of them (BENCH="--calls 20")
	@$(PY) -m bench.orders $(BENCH)

bench-withdrawals: env-test ## Measure the pages over a million withdrawals (BENCH="--calls 20")
	@$(PY) -m bench.withdrawals $(BENCH)

bench-trading: env-test ## Measure quotes and orders over HTTP, beside a bare door (BENCH="--clients 50 --turns 1")
	@$(PY) -m bench.trading $(BENCH)

bench-home: env-test ## Measure the pages that look every few seconds (BENCH="--calls 20")
	@$(PY) -m bench.home $(BENCH)

bench-statements: env-test ## Measure importing statements of a million lines (BENCH="--lines 100000 --only bank-csv")
	@$(PY) -m bench.statements $(BENCH)

bench-screening: env-test ## Measure holding a list's change against a million customers (BENCH="--subjects 10000")
	@$(PY) -m bench.screening $(BENCH)

faults: env-test ## Break things on purpose and check that no money moves wrongly
	@FAULT_ROUNDS=10 FAULT_KILLS=20 BOOKS_STEPS=5000 STORM_DELIVERIES=$${STORM_DELIVERIES:-20000} HEDGE_TRADES=$${HEDGE_TRADES:-600} $(PY) -m pytest tests/faults tests/books/test_stateful.py -p no:randomly -s

answers: env-test ## Measure whether known addresses take another time than unknown ones
	@PASSWORD_KIB=65536 SAME_ANSWERS_TRIES=500 $(PY) -m pytest tests/web/test_same_answers.py tests/web/test_same_finding.py -p no:randomly -s

prism: env-test ## Have Prism judge what we ask of Paystack (wants Node; fetches Prism from npm's registry)
	@PRISM=1 $(PY) -m pytest tests/clients/test_prism.py -p no:randomly -s

pages: env-test ## Look at every page, wide and narrow, light and dark: accessible, and no wider than the screen
	@EVERY_PAGE=1 $(PY) -m pytest tests/journeys/test_pages_are_accessible.py -n 2

shots: env-test ## Take a picture of every screen
	@$(PY) -m dev.shots

reset: env-run ## Forget the development data; the next run begins anew
	@$(PY) -m dev.reset

lock: env-test ## Pin the requirements anew, with hashes (UPGRADE=--upgrade takes newer versions)
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" --no-emit-find-links $(UPGRADE) requirements.in --output-file requirements.txt
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" --no-emit-find-links $(UPGRADE) requirements-dev.in --output-file requirements-dev.txt

assets: env-run ## Build the stylesheet and the scripts (needs Node 20)
	@cd app/web/assets && npm ci --no-audit --no-fund --loglevel=error && sh build.sh
	@$(PY) -m whitenoise.compress -q app/web/static

browser: ## Install the browser that the page tests drive
	@sh dev/debian.sh chromium $(BROWSERS)

readers: ## Install the program that reads the exported books in a test
	@sh dev/debian.sh hledger hledger

office: ## Install the spreadsheet that opens the exports in a test (LibreOffice, 200 MB on the disk)
	@sh dev/debian.sh libreoffice-calc-nogui soffice libreoffice

env-run:
	@sh dev/python.sh dev/bootstrap.py run

env-test:
	@sh dev/python.sh dev/bootstrap.py test

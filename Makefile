# Thin: every command is one of apps/cli. Settings may stand before or after `make`: `RETRY_DELAY_MS=200 make start` and
# `make start RETRY_DELAY_MS=200` are the same, since make hands both to what it runs.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

INSTALLED := node_modules/.installed
# The console's page, built from its sources.
PAGE := apps/console/web/dist/index.html
PAGE_SOURCES := $(shell find apps/console/web -type f -not -path '*/dist/*' -not -path '*/node_modules/*')
# npm puts the project's own Node on the PATH, whatever the machine's is.
ESTEIRA := npm run -s esteira --

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z_0-9-]+:.*## / { printf "  make %-24s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) $(PAGE) ## starts everything and sends 69,659 real orders through it (ORDERS=7000 for a sample)
	@$(ESTEIRA) demo

start: $(INSTALLED) $(PAGE) ## starts every server and app, and waits until they are ready
	@$(ESTEIRA) start

start_with_logs: $(INSTALLED) $(PAGE) ## starts everything and follows the logs; Ctrl-C leaves it running
	@$(ESTEIRA) start --logs

start_system1_separate: $(INSTALLED) ## starts the first system alone: its Postgres, its API, Redis
	@$(ESTEIRA) start --system 1

start_system2_separate: $(INSTALLED) ## starts the second system alone
	@$(ESTEIRA) start --system 2

start_queue_separate: $(INSTALLED) $(PAGE) ## starts what the systems share: RabbitMQ, MongoDB, the endput, the consumers
	@$(ESTEIRA) start --part queue

stop: $(INSTALLED) ## stops everything; the data stays
	@$(ESTEIRA) stop

clear: $(INSTALLED) ## empties queues, cursors, logs and tables of orders, after asking (YES=1 answers)
	@$(ESTEIRA) clear

prune: $(INSTALLED) ## removes what the project created on this machine, after asking (YES=1 answers)
	@$(ESTEIRA) prune

status: $(INSTALLED) ## one table: what runs and where, rows behind, queue depths, dead letters
	@$(ESTEIRA) status

logs: $(INSTALLED) ## follows the logs of everything (SERVICE=api-system-1 for one; RAW=1: as JSON)
	@$(ESTEIRA) logs --follow

reconcile: $(INSTALLED) ## proves row by row that nothing is lost (REPUBLISH=1 sends what is missing; BY=day; FORMAT=json|csv; ARCHIVED_BEFORE=; PIPELINE= another's books)
	@$(ESTEIRA) reconcile

dlq: $(INSTALLED) ## shows the open dead letters by reason and error (FILTER='system=system-1'; PIPELINE=orders)
	@$(ESTEIRA) dlq

redrive: $(INSTALLED) ## sends dead letters again, after a preview (FILTER='reason=…' RATE=500 STOP_AT=0.2 WHY=…; JOB=7 goes on; PIPELINE=orders)
	@$(ESTEIRA) redrive

drill: $(INSTALLED) ## breaks a private copy of everything under load and proves that nothing was lost (KILLS=20 for more)
	@npm run -s drill

prepare_source: $(INSTALLED) ## readies a table of your own for SYSTEM=<name> (DRY_RUN=1 only prints the SQL)
	@$(ESTEIRA) prepare-source

env: $(INSTALLED) ## prints every resolved setting as NAME=value
	@$(ESTEIRA) env

test: $(INSTALLED) ## runs the checks and the tests, on private servers
	@npm run -s verify

test-drill: $(INSTALLED) ## makes the code wrong in eight ways, and checks that the drill notices each
	@npm run -s test:drill

test-brokers: $(INSTALLED) ## runs the messaging tests on real RabbitMQ 3.10, 4.0 and 4.3 (root; BROKERS=trixie for one)
	@npm run -s test:brokers

test-compose: $(INSTALLED) ## runs the Compose file on the Docker engine that answers; without one, as root on Debian, on one of its own
	@npm run -s test:compose

bench: $(INSTALLED) ## measures everything beside the best, on private servers (ONLY=pipeline,peers ORDERS=20000 ROUNDS=1)
	@npm run -s bench

bench-smoke: $(INSTALLED) ## checks within a minute or so that the pipeline is not half as fast as it was
	@npm run -s bench -- smoke

profile: $(INSTALLED) ## draws where the CPU of API and consumer goes, as flame graphs: profile.html
	@npm run -s bench -- profile

fuzz: $(INSTALLED) ## looks for requests that break a promise of the OpenAPI documents (FUZZ_SECONDS=60 FUZZ_SEED=1)
	@npm run -s test:fuzz

lint: $(INSTALLED) ## checks types, code, format, layers, what is unused, and the documents
	@npm run -s lint

docs: $(INSTALLED) ## writes what the documents take from the code: settings, .env.example, the diagram
	@npm run -s docs

screenshots: $(INSTALLED) ## makes the README's pictures of the console from the system that runs here (takes Chromium)
	@npm run -s docs:screenshots

# Installs again when the lock file has changed. To the error stream: `make -s env` is read by programs.
$(INSTALLED): package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Esteira needs Node.js 20 or newer, with npm: https://nodejs.org/en/download" >&2; exit 1; }
	@node -e 'if (parseInt(process.versions.node) < 20) { console.error("Esteira needs Node.js 20 or newer; this is " + process.version + ": https://nodejs.org/en/download"); process.exit(1); }'
	@echo "Installing the project's packages (npm ci) …" >&2
	@npm ci --include=dev >&2
	@touch $@

$(PAGE): $(INSTALLED) $(PAGE_SOURCES)
	@npm run -s build >&2

.PHONY: help demo start start_with_logs start_system1_separate start_system2_separate start_queue_separate stop clear prune \
	status logs reconcile dlq redrive drill env test test-drill test-brokers test-compose bench bench-smoke profile fuzz lint docs screenshots

# Herald. `make run` shows it, `make test` tests it; both install what is missing through apt and say so.

BIN = .build/release
SWIFT = swift
BUILD = $(SWIFT) build -c release --static-swift-stdlib

.PHONY: run build test check proof soak fuzz lint format docs docs-check bench evaluate stats clean

run: build
	$(BIN)/herald demo

build:
	@packaging/scripts/install-dependencies build
	$(BUILD)

test:
	@packaging/scripts/install-dependencies test
	$(SWIFT) test

# Everything that must hold before a change lands. Warnings are errors here.
check: export HERALD_STRICT = 1
check: lint
	@packaging/scripts/install-dependencies test
	packaging/scripts/check-imports
	$(BUILD)
	packaging/scripts/check-fuzzing $(BIN)
	$(MAKE) docs-check
	packaging/scripts/stats --check $(BIN)
	$(SWIFT) test

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

format:
	$(SWIFT) format format --in-place --recursive Package.swift Sources Tests

# The pages that are made from the declarations in the program and from the rules.
docs: build
	$(BIN)/herald docs settings > docs/settings.md
	$(BIN)/herald docs diagnoses > docs/diagnoses.md
	$(BIN)/herald docs rules --rules rules > docs/rules.md

docs-check:
	@$(BIN)/herald docs settings | diff -u docs/settings.md - || { echo "docs/settings.md is stale: make docs"; exit 1; }
	@$(BIN)/herald docs diagnoses | diff -u docs/diagnoses.md - || { echo "docs/diagnoses.md is stale: make docs"; exit 1; }
	@$(BIN)/herald docs rules --rules rules | diff -u docs/rules.md - || { echo "docs/rules.md is stale: make docs"; exit 1; }

# What takes too long for `make test` (docs/testing.md): the model test of rotation with 100,000 steps of each kind, a thousand
# files under a million lines, the mailer killed after each system call, and ten minutes each of soak and fuzz.
proof:
	@packaging/scripts/install-dependencies test
	HERALD_MODEL_STEPS=100000 $(SWIFT) test --filter FileTailerModelTests
	HERALD_ROTATION_FILES=1000 HERALD_ROTATION_LINES=1000000 $(SWIFT) test --filter MassRotationTests
	HERALD_KILL_STRIDE=1 $(SWIFT) test --filter 'MailerKillTests|MailerFaultTests'
	$(MAKE) soak fuzz SECONDS=600

# The built programs as a whole under random logs, rotations, kills and reloads: make soak SECONDS=120 HERALD_SOAK_SEED=7
soak: build
	@packaging/scripts/install-dependencies test
	HERALD_PROGRAMS=$(CURDIR)/$(BIN) HERALD_SOAK_SECONDS=$(or $(SECONDS),120) $(SWIFT) test --filter SoakTests

# Hostile bytes for everything that reads what others have written: make fuzz SECONDS=120 ONLY="reply message"
fuzz:
	@packaging/scripts/install-dependencies test
	Tests/Fuzzing/fuzz $(or $(SECONDS),120) $(ONLY)

# All measurements: make bench; one: make bench ONLY=scan; smaller: SCALE=0.1; its own options: OPTIONS="--runs 5";
# PAGE=docs/performance.md puts the table there.
bench: build
	@packaging/scripts/install-dependencies bench
	packaging/bench/run $(BIN) --only "$(ONLY)" --scale $(or $(SCALE),1) --output $(BIN)/bench.txt \
		$(if $(PAGE),--page $(PAGE)) -- $(OPTIONS)

# What the rules say of logs that others have labelled, and what is read of others' mail: make evaluate CORPORA=FOLDER; one
# set: ONLY=kernel.
evaluate: $(if $(CORPORA),$(if $(wildcard $(CORPORA)/.),build))
	@PYTHONDONTWRITEBYTECODE=1 packaging/evaluate/evaluate $(BIN) "$(CORPORA)" $(ONLY)

stats: build
	packaging/scripts/stats $(BIN)

clean:
	rm -rf .build Tests/Fuzzing/.build

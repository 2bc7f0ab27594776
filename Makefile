# make demo: from nothing to a queue of cases in the browser. make test: the proof. Both build .venv first; `make setup` alone does only that.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
BENCHES := $(filter-out _% __init__,$(basename $(notdir $(wildcard bench/*.py))))

.PHONY: help setup setup-dev demo test lint format lock docs bench clean

help: ## 列出目标 list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: .venv/.core ## 建环境 build .venv (core dependencies)

setup-dev: .venv/.dev ## 建开发环境 build .venv with everything for tests and benchmarks

.venv/.core: requirements/core.txt pyproject.toml .ci/setup
	.ci/setup core
	touch $@

.venv/.dev: requirements/dev.txt pyproject.toml .ci/setup
	.ci/setup dev
	touch $@ .venv/.core

demo: setup ## 演示：走完全部环节并启动网页 the whole chain, then the web pages (on a terminal)
	$(BIN)/xiezhi demo

test: setup-dev ## 全部测试 all tests: the fast ones, then the slow ones, on two cores
	$(BIN)/pytest -m "not slow" -n 2 $(PYTEST_ARGS)
	$(BIN)/pytest -m slow -n 2 $(PYTEST_ARGS) || [ $$? -eq 5 ] # 5: there is no slow test

lint: setup-dev ## 格式、类型、分层 format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture/test_names.py

format: setup-dev ## 排版 format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## 更新依赖锁 renew the locks (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/core.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras -c requirements/core.txt --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/dev.txt

docs: setup-dev ## 生成参考手册 regenerate docs/reference
	$(BIN)/python docs/reference/generate.py

bench: setup-dev ## 基准（小规模）all benchmarks, quick form
	for name in $(BENCHES); do $(BIN)/python -m bench.$$name --quick; done

clean: ## 清除缓存与构建产物 remove caches and build output, not .venv and not var
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis spark-warehouse
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

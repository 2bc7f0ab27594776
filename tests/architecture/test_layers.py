"""The layer contracts hold, and each of them can fail: a violation put into a copy of the code is reported."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

PACKAGES = ["xiezhi", "models", "pipelines", "streaming", "supervision_ui"]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(checkout / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder), "PATH": ""}, capture_output=True, text=True, check=False)


def test_the_code_keeps_all_contracts(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        ("xiezhi/domain/money.py", "import duckdb", "xiezhi.domain.money -> duckdb"),
        ("xiezhi/domain/money.py", "import xiezhi.ruleset", "xiezhi.domain.money -> xiezhi.ruleset"),
        ("xiezhi/storage/__init__.py", "import xiezhi.services", "xiezhi.storage -> xiezhi.services"),
        ("xiezhi/services/__init__.py", "import pipelines", "xiezhi.services -> pipelines"),
        ("streaming/__init__.py", "import pipelines", "streaming -> pipelines"),
        ("models/__init__.py", "import xiezhi.storage", "models -> xiezhi.storage"),
        ("xiezhi/utils.py", '"""A drawer for everything."""', "xiezhi.utils"),
    ],
)
def test_a_violation_is_reported_with_its_chain(copy: Path, module: str, line: str, told: str) -> None:
    path = copy / module
    path.write_text((path.read_text("utf-8") if path.exists() else "") + f"\n{line}\n", "utf-8")
    result = lint(copy)
    assert result.returncode != 0
    assert told in result.stdout


def test_the_domain_imports_only_the_standard_library_and_itself(checkout: Path) -> None:
    allowed = sys.stdlib_module_names | {"xiezhi.domain"}
    for path in (checkout / "xiezhi" / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("xiezhi.domain"), f"{path.name} imports {name}"

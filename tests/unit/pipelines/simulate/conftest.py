"""Simulated regions shared by the tests of the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.simulate.run import run

SIZE: dict[str, Any] = {"persons": 2500, "months": 4, "seed": 11}


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A region without schemes."""
    out = tmp_path_factory.mktemp("clean")
    run(out, schemes="none", **SIZE)
    return out


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same region with all schemes, and the folder of its truth."""
    base = tmp_path_factory.mktemp("dirty")
    run(base / "out", schemes="all", truth=base / "truth", **SIZE)
    return base / "out", base / "truth"

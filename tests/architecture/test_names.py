"""The generic top-level names belong to this distribution; another owner would be imported in their place without a word."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGES = ["xiezhi", "models", "pipelines", "streaming", "supervision_ui"]


def intruders(name: str) -> set[str]:
    """Other distributions that own a top-level name (an editable install owns none on paper, a wheel owns all)."""
    return set(packages_distributions().get(name, ())) - {"xiezhi"}


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_owns_the_name(name: str) -> None:
    assert intruders(name) == set()


@pytest.mark.parametrize("name", PACKAGES)
def test_all_packages_come_from_one_place_and_are_typed(name: str) -> None:
    module = importlib.import_module(name)
    kernel = importlib.import_module("xiezhi")
    assert module.__file__ is not None
    assert kernel.__file__ is not None
    folder = Path(module.__file__).parent
    assert folder.parent == Path(kernel.__file__).parent.parent
    assert (folder / "py.typed").exists()


def test_the_guard_sees_an_intruder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "mosaicml_streaming-0.13.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mosaicml-streaming\nVersion: 0.13.0\n")
    (info / "top_level.txt").write_text("streaming\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert intruders("streaming") == {"mosaicml-streaming"}

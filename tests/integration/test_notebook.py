"""The notebook runs from top to bottom and ends at a lead; no outputs are kept in it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.checkout


def notebook(checkout: Path) -> nbformat.NotebookNode:
    return nbformat.read(checkout / "notebooks" / "from_region_to_lead.ipynb", as_version=4)


def test_is_stripped_and_chinese_comes_first(checkout: Path) -> None:
    cells = notebook(checkout).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")
    for cell in cells:
        if cell.cell_type == "markdown":
            assert any("一" <= letter <= "鿿" for letter in cell.source.split("*")[0]), cell.source


@pytest.mark.slow
def test_runs_to_a_lead(checkout: Path) -> None:
    done = notebook(checkout)
    NotebookClient(done, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(checkout)}}).execute()
    outputs = {cell.id: cell.outputs for cell in done.cells if cell.cell_type == "code"}
    printed = "".join(
        out.get("text", "") for found in outputs.values() for out in found if out.output_type == "stream" and out.name == "stdout"
    )
    assert "·" in printed, "the last lead has sentences of evidence"
    tables = [out for found in outputs.values() for out in found if out.output_type == "execute_result"]
    assert len(tables) >= 7

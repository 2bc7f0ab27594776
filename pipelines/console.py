"""The terminal that commands write tables to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 120
"""Columns where the output is no terminal (a file, a pipe, a build log), so that Chinese titles are not folded."""


def wide_console() -> Console:
    """A console as wide as the terminal, or `PLAIN_WIDTH`."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)

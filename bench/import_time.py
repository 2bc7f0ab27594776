"""How long `xiezhi --help` takes, beside the `--help` of a bare Typer app with the same commands written out in one file.

The ratio is ours / bare; the goal is at most 1.5.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench._harness import alternate, finish, ratios, read_options
from xiezhi.cli import GROUP_HELP, entry_points, read_help

OURS = "from xiezhi.cli import main\nmain()\n"


def bare_app() -> str:
    """The source of a Typer app with our groups, commands and help texts, and nothing behind them."""
    lines = ["import typer", "app = typer.Typer(no_args_is_help=True)"]
    groups = sorted({name.rpartition(".")[0] for name in entry_points()} - {""})
    for group in groups:
        variable = group.replace(".", "_")
        lines += [f"{variable} = typer.Typer()", f"app.add_typer({variable}, name={group!r}, help={GROUP_HELP.get(group, '')!r})"]
    for name, point in sorted(entry_points().items()):
        group, _, leaf = name.rpartition(".")
        lines += [
            f"@{group.replace('.', '_') or 'app'}.command({leaf!r}, help={read_help(point)!r})",
            f"def command_{name.replace('.', '_').replace('-', '_')}() -> None: pass",
        ]
    return "\n".join([*lines, "app()", ""])


def main() -> None:
    """Run both and compare."""
    options = read_options(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        scripts = {"ours": OURS, "bare": bare_app()}
        for name, text in scripts.items():
            (Path(folder) / f"{name}.py").write_text(text, "utf-8")

        def call(name: str) -> None:
            subprocess.run([sys.executable, f"{folder}/{name}.py", "--help"], check=True, stdout=subprocess.DEVNULL)

        sides = {"ours": lambda: call("ours"), "bare": lambda: call("bare")}
        times = alternate(sides, runs=15 if options.quick else 60, warm_up=2)
    compared = ratios(times["ours"], times["bare"])
    finish(
        "import_time",
        compared,
        goal=1.5,
        better="lower",
        unit="times the bare app",
        ours_ms=round(1000 * min(times["ours"])),
        bare_ms=round(1000 * min(times["bare"])),
        commands=len(entry_points()),
    )


if __name__ == "__main__":
    main()

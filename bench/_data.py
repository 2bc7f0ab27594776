"""Simulated regions for benchmarks, made once and kept below the temporary folder of the machine."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import pipelines.simulate
from pipelines.simulate.run import run


def region(persons: int, months: int = 6, seed: int = 1, schemes: str = "all", truth: bool = False) -> Path:
    """Folder of a simulated region (Parquet tables and knowledge/); with `truth`, `<folder>.truth` beside it holds the injected truth.

    The folder's name carries a hash of the simulator's code, so that a changed simulator never serves an old region. It appears at once
    when it is complete.
    """
    code = hashlib.sha256()
    for path in sorted(Path(pipelines.simulate.__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    name = f"{persons}x{months}-{seed}-{schemes.replace(',', '+')}{'-truth' if truth else ''}-{code.hexdigest()[:12]}"
    base = Path(tempfile.gettempdir()) / f"xiezhi-bench-{os.getuid()}"
    done = base / name
    beside = done.with_name(done.name + ".truth")
    if done.exists():
        return done
    base.mkdir(parents=True, exist_ok=True)
    print(f"simulating {persons} persons × {months} months ...", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=base) as scratch:
        report = run(
            Path(scratch) / "out",
            persons=persons,
            months=months,
            seed=seed,
            schemes=schemes,
            truth=Path(scratch) / "truth" if truth else None,
        )
        if truth and not beside.exists():
            (Path(scratch) / "truth").rename(beside)
        (Path(scratch) / "out").rename(done)
    print(f"{report['rows']['fee_list_d']:,} fee lines in {report['seconds']:.1f} s", file=sys.stderr)
    return done


def main() -> None:
    """Speed of the simulator at its reference size: 20,000 persons over 6 months in less than 60 s and 2 GB."""
    import json
    import resource

    with tempfile.TemporaryDirectory() as scratch:
        report = run(Path(scratch) / "out", persons=20_000, months=6, truth=Path(scratch) / "truth")
    lines = report["rows"]["fee_list_d"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "name": "simulate",
                "seconds": report["seconds"],
                "lines": lines,
                "lines_per_s": round(lines / report["seconds"]),
                "peak_mb": peak,
            }
        )
    )


if __name__ == "__main__":
    main()

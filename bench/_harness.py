"""What all benchmarks share: `--quick`, alternating runs, progress on stderr, one JSON object as the last line of stdout.

How to write one: make the input, then

    options = read_options(__doc__)
    times = alternate({"ours": ours, "peer": peer}, runs=5 if options.quick else 15)
    compared = ratios(times["peer"], times["ours"])
    finish("kernel", compared, goal=6.0, better="higher", unit="times faster", lines=10)

Runs alternate (ours, peer, ours, peer, ...), so that a machine that grows slow slows both; each pair gives one ratio, and the ratio
reported is their median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """How a benchmark was called.

    Attributes:
        quick: small input, the same comparison, at most 60 s on two cores.
    """

    quick: bool


def read_options(description: str | None, argv: Sequence[str] | None = None) -> Options:
    """Read the command line of a benchmark."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small input, at most 60 s")
    return Options(quick=parser.parse_args(argv).quick)


def progress(text: str) -> None:
    """One plain line on stderr."""
    print(text, file=sys.stderr, flush=True)


def alternate(
    sides: Mapping[str, Callable[[], object]],
    runs: int,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time several functions in turn.

    Args:
        sides: name to function; what it returns is dropped.
        runs: timed runs of each, at least 1.
        warm_up: rounds before them that are not counted.
        clock: seconds; `time.process_time` counts CPU only.

    Returns:
        For each name its `runs` durations in seconds, in order.
    """
    if runs < 1:
        raise ValueError("runs must be at least 1")
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(-warm_up, runs):
        for name, side in sides.items():
            start = clock()
            side()
            spent = clock() - start
            if turn >= 0:
                times[name].append(spent)
        shown = "warm-up" if turn < 0 else ", ".join(f"{name} {times[name][-1]:.4f} s" for name in sides)
        progress(f"run {turn + 1} of {runs}: {shown}" if turn >= 0 else shown)
    return times


def ratios(numerator: Sequence[float], denominator: Sequence[float]) -> list[float]:
    """The quotient of each pair of runs.

    >>> ratios([6.0, 8.0], [2.0, 2.0])
    [3.0, 4.0]
    """
    return [above / below for above, below in zip(numerator, denominator, strict=True)]


def spread(values: Sequence[float]) -> float:
    """(largest - smallest) / median: how far the runs lie apart.

    >>> spread([9.0, 10.0, 12.0])
    0.3
    """
    return (max(values) - min(values)) / statistics.median(values)


def finish(
    name: str,
    compared: Sequence[float],
    *,
    goal: float,
    better: Literal["higher", "lower"],
    unit: str,
    **more: object,
) -> bool:
    """Print the result as one JSON line, and say on stderr whether the goal is met.

    Args:
        name: the benchmark.
        compared: one ratio a pair of runs.
        goal: what the median ratio is held against.
        better: whether a higher or a lower ratio is better.
        unit: what the ratio is, in words.
        more: further fields of the object.

    Returns:
        Whether the goal is met.
    """
    ratio = statistics.median(compared)
    met = ratio >= goal if better == "higher" else ratio <= goal
    progress(f"{name}: {ratio:.3f} {unit}; goal {'>=' if better == 'higher' else '<='} {goal}: {'met' if met else 'NOT met'}")
    fields = {"ratio": round(ratio, 4), "goal": goal, "better": better, "met": met, "unit": unit, "runs": len(compared)}
    print(json.dumps({"name": name, **fields, "spread": round(spread(compared), 4), **more}, ensure_ascii=False), flush=True)
    return met

"""What measuring quality while it trains costs a run: iterations in the same time, with and without, in turns.

python benchmarks/live_cost.py [preset] [data] [seconds]
"""

from __future__ import annotations

import statistics
import sys
import tempfile

import gancore  # noqa: F401  first: it decides how torch's threads wait
from gancore.recipes import configure
from gancore.runs import RunManager

ROUNDS = 5


def iterations(manager: RunManager, preset: str, data: str, seconds: float, every: str | None) -> int:
    """Iterations of one run."""
    run = manager.start(configure(preset, data=data, plan=f"{seconds}s", sample_every=None, measure_every=every))
    run.wait()
    if run.status().state != "finished":
        sys.exit(f"{run.id}: {run.status().message}")
    count = len(measured.history) if (measured := run.quality()) else 0
    print(f"  {every or 'never':>6}: {run.status().iteration:6d} iterations, measured {count} times")
    return run.status().iteration


def main() -> None:
    """Print the ratio of each round and their median."""
    preset, data, seconds = [*sys.argv[1:], *("quick", "digits", "20")[len(sys.argv) - 1 :]][:3]
    with tempfile.TemporaryDirectory() as folder:
        manager = RunManager(folder, max_running=1)
        iterations(manager, preset, data, 5, "1it")  # warms up both
        ratios = []
        for _ in range(ROUNDS):
            with_, without = (iterations(manager, preset, data, float(seconds), every) for every in ("100it", None))
            ratios.append(with_ / without)
            print(f"{preset} on {data}: {ratios[-1]:.3f} of the speed")
        print(f"median {statistics.median(ratios):.3f}, so {1 - statistics.median(ratios):.1%} slower")


if __name__ == "__main__":
    main()

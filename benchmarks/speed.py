"""Iterations a second of every preset, in float32 and in bfloat16, on this machine.

    python benchmarks/speed.py [--seconds 6]

The steps alone, on the bundled digits at 28x28; `engine_cost.py` says what the engine adds. The two precisions
alternate in one process, so the last column compares like with like even on a busy machine.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time

import gancore  # noqa: F401  # isort: skip  first: it decides how torch's threads wait
import torch

from gancore import data
from gancore.devices import resolve_device, resolve_precision
from gancore.feed import Feed
from gancore.players import build_players
from gancore.recipes import PRESETS, configure, recipe_of

PRECISIONS = ("float32", "bfloat16")
ROUNDS = 3


class Loop:
    """A preset's steps in one precision."""

    def __init__(self, preset: str, precision: str) -> None:
        config = configure(preset, data="mnist")  # not what few images change
        device = resolve_device(config.device)
        images = data.load("digits")
        generator = torch.Generator(device).manual_seed(0)
        batches = data.Batches(images, config.settings.batch_size, config.settings.data_range, generator)
        self.settings = config.settings
        classes = len(images.classes)
        self.players = build_players(config, images.shape, device, precision, classes)
        self.players.random = generator
        self.feed = Feed(batches, config, generator, classes)
        self.step = recipe_of(preset).step
        self.run(0.5)

    def run(self, seconds: float) -> float:
        """Iterations a second over about ``seconds``."""
        start, count = time.perf_counter(), 0
        while count < 2 or time.perf_counter() - start < seconds:
            out = self.step(self.players, self.settings, self.feed)
            count += 1
        next(iter(out.values())).item()  # on a GPU: wait until it is done
        return count / (time.perf_counter() - start)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6.0, help="for each preset and precision")
    options = parser.parse_args()
    device = resolve_device("auto")
    print(f"{platform.machine()}, {device}, {torch.get_num_threads()} threads, torch {torch.__version__}; ", end="")
    print(f"auto precision here: {resolve_precision('auto', device)}\n")
    print("| preset | batch | float32, it/s | bfloat16, it/s | ratio |\n| --- | ---: | ---: | ---: | ---: |")
    for preset in PRESETS:
        loops = {precision: Loop(preset, precision) for precision in PRECISIONS}
        rates: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
        for _ in range(ROUNDS):
            for precision, loop in loops.items():
                rates[precision].append(loop.run(options.seconds / ROUNDS))
        single, half = (statistics.median(rates[precision]) for precision in PRECISIONS)
        batch = loops["float32"].settings.batch_size
        print(f"| `{preset}` | {batch} | {single:.3g} | {half:.3g} | {half / single:.2f} |", flush=True)


if __name__ == "__main__":
    main()

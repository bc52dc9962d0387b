"""How near a generator comes to images of the data it did not see, and how well it repairs their lower half.

    python benchmarks/inversion.py RUN [--runs checkpoints] [--count 20] [--steps 300]

Medians over test images of the root mean square difference of pixels from 0 to 1. The baseline is the best of the
512 z drawn at random that the search starts from; `best of 5` is the candidate whose hidden part is nearest to the
true one, which only who knows the answer can choose.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch
from torch import Tensor

from gancore.errors import GanCoreError
from gancore.evaluate.discriminators import Discriminator, real_samples
from gancore.inversion import Plan, Search
from gancore.networks import ImageShape
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.shelf import shelf_folder

CANDIDATES = 5


def row(name: str, search: Search, count: int) -> str:
    """Run a search; its line of the table."""
    started = time.perf_counter()
    progress = search.run()
    next(progress)
    drawn = [search.found(number)[0] for number in range(count)]
    for _report in progress:
        pass
    seconds = time.perf_counter() - started
    found = [search.found(number, CANDIDATES) for number in range(count)]
    best = [each[0] for each in found]
    cells = [f"{statistics.median(each.error for each in part):.3f}" for part in (drawn, best)]
    if best[0].hidden_error is None:
        cells += ["", "", ""]
    else:
        hidden = [[each.hidden_error or 0.0 for each in part] for part in (drawn, best)]
        hidden.append([min(each.hidden_error or 0.0 for each in part) for part in found])
        cells += [f"{statistics.median(part):.3f}" for part in hidden]
    return f"| {name} | {' | '.join(cells)} | {seconds / count:.1f} |"


def lower_half(shape: ImageShape) -> Tensor:
    """(H, W) bool, True below the middle."""
    hidden = torch.zeros(shape.height, shape.width, dtype=torch.bool)
    hidden[shape.height // 2 :] = True
    return hidden


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", default="quick-mnist", help="default: the shipped one")
    parser.add_argument("--runs", type=Path, default=Path("checkpoints"))
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    options = parser.parse_args()
    run = RunManager(options.runs, shelf=shelf_folder()).get(options.run)
    sampler = open_sampler(run)
    if not isinstance(sampler.shape, ImageShape):
        parser.error(f"{run.id} was trained on points")
    targets, _labels, split = real_samples(sampler.config, sampler.shape, options.count)
    plan, hidden = Plan(steps=options.steps), lower_half(sampler.shape)
    searches = {"whole image": Search(sampler, targets, plan=plan)}
    searches["lower half hidden"] = Search(sampler, targets, hidden, plan=plan)
    try:
        judge = Discriminator.open(run)
        searches["the same, discriminator heard"] = Search(sampler, targets, hidden, plan=plan, judge=judge)
    except GanCoreError as error:
        print(f"No discriminator: {error}\n")
    print(f"{run.id}, {len(targets)} {split} images, {plan.starts} starts, {plan.steps} steps\n")
    print("| | visible, drawn | visible, found | hidden, drawn | hidden, found | best of 5 | s an image |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, search in searches.items():
        print(row(name, search, len(targets)), flush=True)


if __name__ == "__main__":
    main()

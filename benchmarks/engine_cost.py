"""What the engine adds to an iteration: logging, events, history and status against a bare loop.

    python benchmarks/engine_cost.py [--preset gan-simple] [--iterations 600] [--rounds 5]

Bare loop and engine alternate in one process on the bundled digits, so that a busy machine slows both. Two answers:
the paired ratio of the whole, whose noise can exceed what is sought, and the time spent inside the engine's own code
(its handler after each iteration, flushes to disk included, and Ignite's event loop), which is what the goal of at
most 2 % is held to. Galleries and checkpoints are left out of both: they are work a bare loop would have to do too.
What the signals add to a step is measured by itself, on steps with and without them in turn.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import gancore  # noqa: F401  # isort: skip  first: it decides how torch's threads wait
import torch
from ignite.engine import Engine, Events

from gancore import data
from gancore.checkpoint import RunFolder
from gancore.config import RunConfig
from gancore.devices import resolve_device, resolve_precision
from gancore.feed import Feed
from gancore.players import build_players
from gancore.probe import Probe
from gancore.recipes import configure, recipe_of
from gancore.signals import PROBE_EVERY
from gancore.trainer import Trainer


def bare_loop(config: RunConfig, iterations: int) -> float:
    """Seconds an iteration of the recipe's step alone."""
    device = resolve_device(config.device)
    images = data.load(config.data)
    players = build_players(config, images.shape, device, resolve_precision(config.precision, device))
    generator = torch.Generator(device).manual_seed(config.seed)
    settings = config.settings
    feed = Feed(data.Batches(images, settings.batch_size, settings.data_range, generator), config, generator)
    step = recipe_of(config.preset).step
    for _ in range(20):
        step(players, settings, feed)
    start = time.perf_counter()
    for _ in range(iterations):
        step(players, settings, feed)
    return (time.perf_counter() - start) / iterations


class TimedTrainer(Trainer):
    """A trainer that adds up the time spent in its own code."""

    def __init__(self, folder: RunFolder, config: RunConfig) -> None:
        super().__init__(folder, config)
        self.own_s = self.not_ours_s = 0.0

    def _after_iteration(self, engine: Engine) -> None:
        start, before = time.perf_counter(), self.not_ours_s
        super()._after_iteration(engine)
        self.own_s += time.perf_counter() - start - (self.not_ours_s - before)

    def _gallery(self, percent: int | None, keep_weights: bool) -> None:
        self._left_out(lambda: super(TimedTrainer, self)._gallery(percent, keep_weights))

    def _checkpoint(self, milestone: bool = False, shown: str | None = None) -> None:
        self._left_out(lambda: super(TimedTrainer, self)._checkpoint(milestone, shown))

    def _left_out(self, work) -> None:  # type: ignore[no-untyped-def]
        start = time.perf_counter()
        work()
        self.not_ours_s += time.perf_counter() - start


def engine_run(config: RunConfig, root: Path) -> tuple[float, float]:
    """Seconds an iteration of the whole engine, and of its own code alone."""
    folder = RunFolder.create(root, config)
    with folder.lock:
        trainer = TimedTrainer(folder, config)
        status = trainer.run()
    if status.state != "finished":
        raise SystemExit(f"the run is {status.state}: {status.message}")
    return (status.elapsed_s - trainer.not_ours_s) / status.iteration, trainer.own_s / status.iteration


def ignite_loop(iterations: int) -> float:
    """Seconds an iteration of Ignite's loop with one empty handler."""
    engine = Engine(lambda _engine, _batch: None)
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda _engine: None)
    start = time.perf_counter()
    engine.run(None, max_epochs=1, epoch_length=iterations)
    return (time.perf_counter() - start) / iterations


def signals_cost(config: RunConfig, iterations: int) -> float:
    """Share that the signals add to an iteration: probed and plain steps alternate, in this thread's own time."""
    device = resolve_device(config.device)
    loaded = data.load(config.data)
    players = build_players(config, loaded.shape, device, resolve_precision(config.precision, device))
    generator = players.random = torch.Generator(device).manual_seed(config.seed)
    settings = config.settings
    feed = Feed(data.Batches(loaded, settings.batch_size, settings.data_range, generator), config, generator)
    step, probe = recipe_of(config.preset).step, Probe(players, (-1.0, 1.0), labelled=False)
    plain, probed = [], []
    for _ in range(iterations // 2):
        start = time.thread_time()
        step(players, settings, feed)
        between = time.thread_time()
        with probe.watch(feed) as watched:
            step(players, settings, watched)
        probe.take()
        plain.append(between - start)
        probed.append(time.thread_time() - between)
    usual = statistics.median(plain)
    return (statistics.median(probed) - usual) / usual / PROBE_EVERY


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="gan-simple")
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    config = configure(options.preset, plan=f"{options.iterations}it", sample_every=None)
    bare, engine, own = [], [], []
    with tempfile.TemporaryDirectory() as root:
        for _ in range(options.rounds):
            bare.append(bare_loop(config, options.iterations))
            whole, alone = engine_run(config, Path(root))
            engine.append(whole)
            own.append(alone)
    ignite = ignite_loop(20_000)
    step, added = statistics.median(bare), statistics.median(own) + ignite
    print(f"{options.preset}, batch {config.settings.batch_size}, {torch.get_num_threads()} threads")
    print(f"bare loop          {step * 1e6:8.0f} µs an iteration ({1 / step:.0f} it/s)")
    print(f"engine             {statistics.median(engine) * 1e6:8.0f} µs an iteration")
    ratios = sorted(e / b for e, b in zip(engine, bare, strict=True))
    print(f"engine / bare      {statistics.median(ratios):8.3f} (from {ratios[0]:.3f} to {ratios[-1]:.3f})")
    print(
        f"engine's own code  {added * 1e6:8.0f} µs an iteration, {added / step:.2%} of a bare one (goal: at most 2 %)"
    )
    print(f"signals            {signals_cost(config, options.iterations):8.2%} of an iteration (goal: under 1 %)")


if __name__ == "__main__":
    main()

"""Run folders with a million logged iterations each, made and not trained, for measuring what such runs cost to read.

    python benchmarks/large_runs.py FOLDER [--rows 1000000] [--presets quick dcgan wgan-gp lsgan]

The numbers are made up: falling curves with noise, and every series, signal and quality column a trained run has.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gancore.checkpoint import RunFolder
from gancore.files import write_json
from gancore.history import HISTORY_FILE, POSITION, SIGNALS_FILE, History, HistoryWriter, read_history, write_history
from gancore.live_quality import QualityFacts
from gancore.recipes import configure, recipe_of
from gancore.signals import PROBE_EVERY, SIGNALS
from gancore.status import Resolved, RunState, Status

PRESETS = ("quick", "dcgan", "wgan-gp", "lsgan")
ROWS = 1_000_000
MEASUREMENTS = 400
BATCHES_PER_EPOCH = 468
RATE = 400
"""Iterations a second of a run that grows, as one on a small accelerator has; 40 here."""
FLUSH_S = 1.0
"""As often as a run that trains writes to disk."""


class LargeRun:
    """One made-up run, which can be grown."""

    def __init__(self, folder: RunFolder, batch: int, random: np.random.Generator) -> None:
        self.folder, self.batch, self._random = folder, batch, random

    def rows(self, first: int, last: int, step: int, names: Sequence[str], plan: int) -> NDArray[np.float64]:
        """Rows of the iterations ``first`` to ``last``: the position, then a course for each name."""
        iteration = np.arange(first, last + 1, step, dtype=np.float64)
        share = iteration / plan
        columns = [iteration, iteration / BATCHES_PER_EPOCH, iteration * self.batch, iteration / RATE]
        for number, name in enumerate(names):
            bounded = name.startswith("d_") and "gradient" not in name and "update" not in name
            noise = self._random.normal(scale=0.05 if bounded else 0.2, size=len(iteration))
            course = 0.6 + 2 * np.exp(-8 * share) + 0.15 * np.sin(40 * share + number) + noise
            columns.append(np.clip(0.25 * course, 0, 1) if bounded else np.abs(course))
        return np.column_stack(columns)


def make_run(root: Path, preset: str, rows: int = ROWS, seed: int = 0) -> LargeRun:
    """A stopped run of ``rows`` logged iterations, half of what was planned."""
    config = configure(preset, data="digits", plan=f"{2 * rows}it", seed=seed)
    folder = RunFolder.create(root, config)
    run = LargeRun(folder, config.settings.batch_size, np.random.default_rng(seed))
    folder.write_resolved(
        Resolved(
            shape=(1, 28, 28), classes=tuple("0123456789"), images=1797, batches_per_epoch=BATCHES_PER_EPOCH,
            batches_per_iteration=1, device="cpu", precision="float32", torch_version="none", gancore_version="none",
        )
    )  # fmt: skip
    logged = [series.name for series in recipe_of(preset).series]
    signals = [signal.name for signal in SIGNALS]
    _write(folder.path / HISTORY_FILE, logged, run.rows(1, rows, 1, logged, 2 * rows))
    _write(folder.path / SIGNALS_FILE, signals, run.rows(1, rows, PROBE_EVERY, signals, 2 * rows))
    measured = ["frechet", "modes", "confidence"]
    every = max(1, rows // MEASUREMENTS)
    values = run.rows(every, rows, every, measured, 2 * rows)
    values[:, len(POSITION) :] *= [60, 4, 0.3]
    _write(folder.path / "quality.arrow", measured, values)
    facts = QualityFacts(extractor="digits", samples=500, classes=10)
    write_json(folder.path / "quality.json", facts.model_dump(mode="json"))
    folder.write_status(_status(RunState.STOPPED, rows, 2 * rows, run))
    return run


def _write(path: Path, names: Sequence[str], rows: NDArray[np.float64]) -> None:
    history = History([*POSITION, *names])
    history.append(rows)
    write_history(history, path)


def _status(state: RunState, iteration: int, plan: int, run: LargeRun) -> Status:
    return Status(
        state=state,
        iteration=iteration,
        epoch=iteration / BATCHES_PER_EPOCH,
        images_seen=iteration * run.batch,
        elapsed_s=iteration / RATE,
        progress=iteration / plan,
        iterations_per_s=RATE if state is RunState.RUNNING else 0.0,
        created_at=time.time(),
    )


@contextmanager
def growing(runs: Sequence[LargeRun]) -> Iterator[None]:
    """Hold the runs and append to them, as a process that trains them does, until the block is left."""
    stop = threading.Event()
    threads = [threading.Thread(target=_grow, args=(run, stop), name=f"grow {run.folder.id}") for run in runs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _grow(run: LargeRun, stop: threading.Event) -> None:
    folder = run.folder
    logs = {name: read_history(folder.path / name) for name in (HISTORY_FILE, SIGNALS_FILE)}
    done = len(logs[HISTORY_FILE])
    plan = int(folder.read_config().plan.amount)
    with folder.lock:
        writers = [HistoryWriter(history, folder.path / name) for name, history in logs.items()]
        while not stop.is_set():
            for name, history in logs.items():
                step = PROBE_EVERY if name == SIGNALS_FILE else 1
                own = history.names[len(POSITION) :]
                history.append(run.rows(done + 1, done + int(RATE * FLUSH_S), step, own, plan))
            done += int(RATE * FLUSH_S)
            for writer in writers:
                writer.flush()
            folder.write_status(_status(RunState.RUNNING, done, plan, run))
            stop.wait(FLUSH_S)
        for writer in writers:
            writer.close()
        folder.write_status(_status(RunState.STOPPED, done, plan, run))


def main() -> None:
    """Make the runs and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    options = parser.parse_args()
    for seed, preset in enumerate(options.presets):
        run = make_run(options.folder, preset, options.rows, seed)
        print(f"{run.folder.path}: {options.rows:,} iterations")


if __name__ == "__main__":
    main()

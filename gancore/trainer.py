"""One run: the training loop, what it records, and how it answers.

PyTorch-Ignite runs the loop. Everything that is not the recipe's step happens in one handler after each iteration,
and is batched where a GPU would have to wait: losses stay tensors until a flush, about ten times a second.
"""

from __future__ import annotations

import math
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from ignite.metrics import Average
from torch import Tensor

import gancore
from gancore import data, images, latents
from gancore.checkpoint import Gallery, RunFolder, non_finite_weights
from gancore.config import RunConfig
from gancore.control import Control
from gancore.devices import CORES, resolve_device, resolve_precision
from gancore.errors import CheckpointError, GanCoreError
from gancore.history import POSITION, History, HistoryWriter, read_history
from gancore.players import build_players
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.schedule import MILESTONES, Position, Schedule
from gancore.status import Resolved, RunState, Status

FLUSH_S = 0.1
"""Seconds between flushes: a page that refreshes twice a second always finds new rows."""
SAVE_S = 1.0
"""Seconds between writes of status and history to disk."""
CHECKPOINT_S = 30.0
"""Seconds between checkpoints; a kill loses no more than this much training."""
_RATE_WINDOW_S = 5.0
_GALLERY_SEED_OFFSET = 1_000_003


class _Diverged(Exception):
    """A loss or weight is not finite; the message says which, and when."""


class _Feed:
    """Batches and latents of one run, drawn from its own generator."""

    def __init__(self, batches: data.Batches, config: RunConfig, generator: torch.Generator) -> None:
        self._batches, self._settings, self._generator = batches, config.settings, generator

    def real(self) -> Tensor:
        return self._batches.next()

    def latents(self, count: int) -> Tensor:
        settings = self._settings
        return latents.draw(count, settings.latent_dim, settings.latent_distribution, self._generator)


class Trainer:
    """Trains the run of one folder, from its last checkpoint if it has one; used once."""

    def __init__(self, folder: RunFolder, config: RunConfig, threads: Callable[[], int] = lambda: CORES) -> None:
        """Args:
        folder: the run's folder, whose lock the caller holds.
        threads: asked about ten times a second how many cores this run may use.
        """
        self.folder, self.config, self.control = folder, config, Control()
        self.recipe = recipe_of(config.preset)
        self.history = History([*POSITION, *(series.name for series in self.recipe.series)])
        self.status = folder.read_status().model_copy(update={"state": RunState.QUEUED, "message": ""})
        self._threads = threads
        self._threads_now = 0
        self._position = Position()
        self._pending: list[tuple[int, int, float]] = []
        self._outputs: list[dict[str, Tensor]] = []
        self._rates: deque[tuple[float, int, float]] = deque()

    def run(self) -> Status:
        """Train to the end of the plan, a stop, a divergence or a failure; never raises.

        Returns:
            The final status, which is on disk too.
        """
        try:
            state, message = self._train()
        except _Diverged as diverged:
            state, message = RunState.DIVERGED, str(diverged)
        except GanCoreError as error:
            state, message = RunState.FAILED, str(error)
        except Exception as error:  # a thread has nobody to raise to: the card and the folder must say it
            (self.folder.path / "error.log").write_text(traceback.format_exc(), encoding="utf-8")
            state, message = RunState.FAILED, f"{type(error).__name__}: {error}"
        finally:
            self.control.close()
        self._set_status(state=state, message=message, eta_s=None, iterations_per_s=0.0)
        self.folder.write_status(self.status)
        return self.status

    def _train(self) -> tuple[RunState, str]:
        if self.control.stopping:
            return RunState.STOPPED, ""
        self._set_status(state=RunState.RUNNING, message="loading the data")
        self.folder.write_status(self.status)
        self._prepare()
        writer = HistoryWriter(self.history, self.folder.path / "history.arrow")
        self._writer = writer
        try:
            return self._loop()
        finally:
            writer.close()

    def _prepare(self) -> None:
        """Load data, build players, and put everything where the last checkpoint left it."""
        config = self.config
        before = self.folder.read_resolved()
        device = resolve_device(config.device)
        precision = before.precision if before else resolve_precision(config.precision, device)
        self._share_cores()
        dataset = data.load(config.data, config.image_size, config.channels)
        if before is not None and before.shape != tuple(dataset.shape):
            raise CheckpointError(
                f"{config.data} now holds images of shape {tuple(dataset.shape)}, the run was trained on {before.shape}"
            )
        self._generator = torch.Generator(device).manual_seed(config.seed)
        self._batches = data.Batches(
            dataset.images.to(device), config.settings.batch_size, config.settings.data_range, self._generator
        )
        self.players: Players = build_players(config, dataset.shape, device, precision)
        self._feed = _Feed(self._batches, config, self._generator)
        self.schedule = Schedule(
            config.plan,
            self._batches.per_epoch,
            self.recipe.batches_per_iteration(config.settings),
            config.sample_every,
        )
        self._gallery_latents = latents.from_seed(
            config.seed + _GALLERY_SEED_OFFSET,
            config.grid**2,
            config.settings.latent_dim,
            config.settings.latent_distribution,
        ).to(device)
        self.folder.write_resolved(
            Resolved(
                shape=dataset.shape,
                images=len(dataset.images),
                batches_per_epoch=self._batches.per_epoch,
                batches_per_iteration=self.schedule.batches_per_iteration,
                device=str(device),
                precision=precision,
                torch_version=torch.__version__,
                gancore_version=gancore.__version__,
            )
        )
        self._restore()

    def _restore(self) -> None:
        state = self.folder.load_checkpoint(self.players)
        if state is None:
            self.folder.write_galleries([])
            return
        self._generator.set_state(state["generator"])
        self._batches.load_state_dict(state["batches"])
        self._position = Position(**state["position"])
        history = read_history(self.folder.path / "history.arrow")
        history.keep_until(self._position.iteration)
        rows, _ = history.since()
        self.history.append(np.column_stack([rows[name] for name in self.history.names]))
        # What was recorded after the checkpoint is computed again.
        kept = [gallery for gallery in self.folder.galleries() if gallery.iteration <= self._position.iteration]
        self.folder.write_galleries(kept)

    def _loop(self) -> tuple[RunState, str]:
        self._set_status(message="")
        self._clock_start = time.perf_counter() - self._position.elapsed_s
        self._flushed_at = self._saved_at = self._checkpointed_at = time.perf_counter()
        taken = [gallery.percent for gallery in self.folder.galleries() if gallery.percent in MILESTONES]
        progress = self.schedule.progress(self._position)
        self._milestones = deque(p for p in MILESTONES if p not in taken and (p >= 100 * progress or p == 0 == progress))
        self._extra_galleries = self.schedule.extra_galleries(self._position)
        self._flush()
        if self._milestones and self._milestones[0] == 0:
            self._gallery(self._milestones.popleft())
        if progress < 1 and self.control.between_iterations(self._enter_pause):
            self._run_engine()
        self._flush()
        finished = self.schedule.progress(self._position) >= 1
        if not finished:
            latest = max((gallery.iteration for gallery in self.folder.galleries()), default=-1)
            if latest < self._position.iteration:
                self._gallery(math.floor(100 * self.schedule.progress(self._position)))
        self._checkpoint()
        return (RunState.FINISHED, "") if finished else (RunState.STOPPED, "")

    def _run_engine(self) -> None:
        settings = self.config.settings
        engine = Engine(lambda _engine, _batch: self.recipe.step(self.players, settings, self._feed))
        # Ignite logs every exception with a traceback; ours are results that the status tells.
        engine.logger.disabled = True
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._after_iteration)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._after_epoch)
        length = self.schedule.iterations_per_epoch
        # Each way of planning ends in terminate(); the number of epochs only has to be out of reach.
        engine.load_state_dict({"epoch_length": length, "max_epochs": 10**9, "iteration": self._position.iteration})
        engine.run(None)

    def _after_iteration(self, engine: Engine) -> None:
        now = time.perf_counter()
        iteration, seen, elapsed = engine.state.iteration, self._batches.images_seen, now - self._clock_start
        self._position = Position(iteration, seen, elapsed)
        self._pending.append((iteration, seen, elapsed))
        self._outputs.append(engine.state.output)  # type: ignore[arg-type]
        if now - self._flushed_at >= FLUSH_S:
            self._flush()
        progress = self.schedule.progress(self._position)
        extra = self.schedule.extra_galleries(self._position)
        if self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
            while self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
                self._gallery(self._milestones.popleft())
        elif extra > self._extra_galleries:
            self._gallery(None)
        self._extra_galleries = extra
        if now - self._checkpointed_at >= CHECKPOINT_S and progress < 1:
            self._checkpoint()
        if progress >= 1:
            engine.terminate()
            return
        waited_from = time.perf_counter()
        if not self.control.between_iterations(self._enter_pause):
            engine.terminate()
        self._clock_start += time.perf_counter() - waited_from
        if self.status.state is RunState.PAUSED and not engine.should_terminate:
            self._set_status(state=RunState.RUNNING)

    def _after_epoch(self, engine: Engine) -> None:
        """Average the epoch's numbers, as the script of seed 000 logs them."""
        self._flush()
        names = [series.name for series in self.recipe.series]
        start = engine.state.iteration - self.schedule.iterations_per_epoch
        rows, _ = self.history.since(max(0, start))
        average = Average()
        average.update(torch.from_numpy(np.column_stack([rows[name] for name in names])))
        means = average.compute().tolist()
        self._set_status(epoch_means=dict(zip(names, means, strict=True)))

    def _enter_pause(self) -> None:
        first = self.status.state is not RunState.PAUSED
        self._set_status(state=RunState.PAUSED, iterations_per_s=0.0)
        self._rates.clear()
        self._flush(save=True)
        if first:
            self._checkpoint()

    def _flush(self, save: bool = False) -> None:
        """Move pending losses to the history, and now and then to disk.

        Raises:
            _Diverged: when one of them is not finite.
        """
        self._flushed_at = time.perf_counter()
        self._share_cores()
        diverged = None
        if self._pending:
            names = [series.name for series in self.recipe.series]
            stacked = torch.stack([output[name] for output in self._outputs for name in names])
            values = np.array(stacked.tolist()).reshape(len(self._outputs), len(names))
            iterations, seen, elapsed = np.array(self._pending).T
            passes = iterations * self.schedule.batches_per_iteration / self.schedule.batches_per_epoch
            rows = np.column_stack([iterations, passes, seen, elapsed, values])
            bad = np.argwhere(~np.isfinite(values))
            if len(bad):
                row, column = bad[0]
                rows = rows[: row + 1]
                label = self.recipe.series[column].label.lower()
                diverged = f"diverged at iteration {int(rows[-1, 0])}: {label} is {values[row, column]}"
            self.history.append(rows)
            self._position = Position(int(rows[-1, 0]), int(rows[-1, 2]), float(rows[-1, 3]))
            self._pending.clear()
            self._outputs.clear()
        self._update_progress()
        if save or self._flushed_at - self._saved_at >= SAVE_S:
            self._saved_at = self._flushed_at
            self._writer.flush()
            self.folder.write_status(self.status)
        if diverged is not None:
            raise _Diverged(diverged)

    def _update_progress(self) -> None:
        position, progress = self._position, self.schedule.progress(self._position)
        self._rates.append((position.elapsed_s, position.iteration, progress))
        while len(self._rates) > 2 and position.elapsed_s - self._rates[1][0] > _RATE_WINDOW_S:
            self._rates.popleft()
        since_s, since_iteration, since_progress = self._rates[0]
        seconds = position.elapsed_s - since_s
        advanced = progress - since_progress
        self._set_status(
            iteration=position.iteration,
            epoch=self.schedule.epoch(position),
            images_seen=position.images_seen,
            elapsed_s=position.elapsed_s,
            progress=progress,
            iterations_per_s=(position.iteration - since_iteration) / seconds if seconds > 0 else 0.0,
            eta_s=(1 - progress) * seconds / advanced if advanced > 0 else None,
        )

    def _gallery(self, percent: int | None) -> None:
        """Draw the run's fixed z with the generator as it is; with a percentage its weights are kept too."""
        self._flush(save=True)
        sample = self.sample(self._gallery_latents)
        name = f"galleries/{self._position.iteration:08d}" + ("" if percent is None else f"-{percent:03d}")
        gallery = Gallery(
            iteration=self._position.iteration,
            epoch=self.schedule.epoch(self._position),
            images_seen=self._position.images_seen,
            elapsed_s=self._position.elapsed_s,
            percent=percent,
            image=f"{name}.png",
            weights=None if percent is None else f"{name}.safetensors",
        )
        picture = images.png(images.grid(sample, self.config.grid), run=self.folder.id, iteration=str(gallery.iteration))
        self.folder.add_gallery(gallery, picture, None if percent is None else self.players.generator)

    def sample(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, C, H, W) uint8 on the CPU, in eval mode; only between iterations."""
        network = self.players.generator
        network.eval()
        try:
            with torch.inference_mode():
                return data.to_uint8(self.players.generate(z), self.config.settings.data_range).cpu()
        finally:
            network.train()

    def _checkpoint(self) -> None:
        """Keep everything needed to go on from here.

        Raises:
            _Diverged: when a weight is not finite, so that the last finite checkpoint stays.
        """
        self._flush(save=True)
        for player, network in (("generator", self.players.generator), ("discriminator", self.players.discriminator)):
            if (name := non_finite_weights(network)) is not None:
                raise _Diverged(f"diverged at iteration {self._position.iteration}: {player} weight {name} is not finite")
        state = {
            "generator": self._generator.get_state(),
            "batches": self._batches.state_dict(),
            "position": vars(self._position),
        }
        self.folder.save_checkpoint(self.players, self._position.iteration, state)
        self._checkpointed_at = time.perf_counter()

    def _share_cores(self) -> None:
        wanted = self._threads()
        if wanted != self._threads_now:
            torch.set_num_threads(wanted)  # of this thread only
            self._threads_now = wanted

    def _set_status(self, **changes: Any) -> None:
        self.status = self.status.model_copy(update=changes)


def lower_priority(niceness: int) -> None:
    """Let other threads go first (Linux): the page stays quick while training saturates the machine.

    OpenMP's workers are started by this thread and inherit its priority.
    """
    if niceness and hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        except OSError:  # macOS takes no thread ids here
            return

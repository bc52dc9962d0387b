"""One run: the training loop, its galleries and checkpoints, and how it answers.

PyTorch-Ignite runs the loop. Everything that is not the recipe's step happens in one handler after each iteration.
"""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable

import numpy as np
import torch
from ignite.engine import Engine, Events
from ignite.metrics import Average
from torch import Tensor

import gancore
from gancore import data, images
from gancore.checkpoint import Gallery, RunFolder, non_finite_weights
from gancore.config import RecipeSettings, RunConfig
from gancore.control import Control
from gancore.devices import CORES, resolve_device, resolve_precision
from gancore.errors import CheckpointError, DataError, GanCoreError
from gancore.feed import Feed
from gancore.gallery import Painter
from gancore.history import HISTORY_FILE, SIGNALS_FILE, History, read_history
from gancore.live_quality import Quality, QualityWatch
from gancore.players import build_players
from gancore.probe import Probe
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.recorder import FLUSH_S, Diverged, Recorder
from gancore.schedule import MILESTONES, Position, Schedule, whole_percent
from gancore.sources import is_points
from gancore.status import Resolved, RunState, Status

CHECKPOINT_S = 30.0
"""Seconds between checkpoints; a kill loses no more than this much training."""


class Trainer:
    """Trains the run of one folder, from its last checkpoint if it has one; used once."""

    def __init__(self, folder: RunFolder, config: RunConfig, threads: Callable[[], int] = lambda: CORES) -> None:
        """Args:
        folder: the run's folder, whose lock the caller holds.
        threads: asked about ten times a second how many cores this run may use.
        """
        self.folder, self.config, self.control = folder, config, Control()
        self.recipe = recipe_of(config.preset)
        self._recorder = Recorder(folder, self.recipe.series)
        self._threads = threads
        self._threads_now = 0
        self._watch: QualityWatch | None = None
        self._signals: Tensor | None = None

    @property
    def history(self) -> History:
        """Every iteration so far."""
        return self._recorder.history

    @property
    def signals(self) -> History:
        """The signals of every probed iteration so far."""
        return self._recorder.signals

    @property
    def status(self) -> Status:
        """How the run stands now."""
        return self._recorder.status

    @property
    def quality(self) -> Quality | None:
        """What has been measured of the generator so far."""
        return self._watch.quality if self._watch else None

    def run(self) -> Status:
        """Train to the end of the plan, a stop, a divergence or a failure; never raises.

        Returns:
            The final status, which is on disk too.
        """
        try:
            state, message = self._train()
        except Diverged as diverged:
            state, message = RunState.DIVERGED, str(diverged)
        except GanCoreError as error:
            state, message = RunState.FAILED, str(error)
        except Exception as error:  # a thread has nobody to raise to: the card and the folder must say it
            (self.folder.path / "error.log").write_text(traceback.format_exc(), encoding="utf-8")
            state, message = RunState.FAILED, f"{type(error).__name__}: {error}"
        finally:
            self.control.close()
        self._recorder.set(state=state, message=message, eta_s=None, iterations_per_s=0.0)
        self._recorder.save_status()
        return self.status

    def _train(self) -> tuple[RunState, str]:
        if self.control.stopping:
            return RunState.STOPPED, ""
        self._recorder.set(state=RunState.RUNNING, message="loading the data")
        self._recorder.save_status()
        self._prepare()
        self._recorder.begin(self.schedule)
        watch = QualityWatch(self.folder, self.config, self._dataset, self.schedule)
        watch.begin(self._recorder.position)
        self._watch = watch
        try:
            return self._loop()
        finally:
            watch.close()
            self._recorder.close()

    def _prepare(self) -> None:
        """Load data, build players, and put everything where the last checkpoint left it."""
        config = self.config
        before = self.folder.read_resolved()
        device = resolve_device(config.device)
        precision = before.precision if before else resolve_precision(config.precision, device)
        self._share_cores()
        dataset = self._dataset = data.load(config.data, config.image_size, config.channels)
        if self.recipe.conditioned_on == "label" and len(dataset.classes) < 2:
            raise DataError(f"{config.preset} needs labelled data, found one class only in {config.data}")
        if before is not None and before.shape != tuple(dataset.shape):
            raise CheckpointError(
                f"{config.data} now holds samples of shape {tuple(dataset.shape)}, "
                f"but the run was trained on {before.shape}"
            )
        self._generator = torch.Generator(device).manual_seed(config.seed)
        settings = config.settings
        self._batches = data.Batches(
            dataset, settings.batch_size, settings.data_range, self._generator, shortest=2 * settings.packing
        )
        classes = len(dataset.classes)
        self.players: Players = build_players(config, dataset.shape, device, precision, classes)
        self.players.random = self._generator
        self._full_rates = {
            name: [group["lr"] for group in optimizer.param_groups]
            for name, optimizer in self.players.optimizers.items()
        }
        self._feed = Feed(self._batches, config, self._generator, classes)
        limits = None if is_points(config.data) else data.RANGES[settings.data_range]
        self._probe = Probe(self.players, limits, labelled=self.recipe.conditioned_on == "label")
        self.schedule = Schedule(
            config.plan,
            self._batches.per_epoch,
            self.recipe.batches_per_iteration(config.settings),
            config.sample_every,
        )
        self._painter = Painter(config, dataset, self.players)
        if self._painter.conditions is not None:
            self.folder.write_conditions(self._painter.conditions)
        self.folder.write_resolved(
            Resolved(
                shape=dataset.shape,
                classes=dataset.classes,
                images=len(dataset.samples),
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
        self._recorder.position = Position(**state["position"])
        self._restore_rows(self.history, HISTORY_FILE)
        if (self.folder.path / SIGNALS_FILE).is_file():
            self._restore_rows(self.signals, SIGNALS_FILE)
        # What was recorded after the checkpoint is computed again.
        kept = [
            gallery for gallery in self.folder.galleries() if gallery.iteration <= self._recorder.position.iteration
        ]
        self.folder.write_galleries(kept)

    def _restore_rows(self, history: History, name: str) -> None:
        stored = read_history(self.folder.path / name)
        stored.keep_until(self._recorder.position.iteration)
        rows, count = stored.since()
        missing = np.full(count, np.nan)  # what the version that wrote the file did not know
        history.append(np.column_stack([rows.get(name, missing) for name in history.names]))

    def _loop(self) -> tuple[RunState, str]:
        self._recorder.set(message="")
        self._clock_start = time.perf_counter() - self._recorder.position.elapsed_s
        self._checkpointed_at = time.perf_counter()
        taken = [gallery.percent for gallery in self.folder.galleries() if gallery.percent in MILESTONES]
        progress = self.schedule.progress(self._recorder.position)
        self._milestones = deque(
            p for p in MILESTONES if p not in taken and (p >= 100 * progress or p == 0 == progress)
        )
        self._extra_galleries = self.schedule.extra_galleries(self._recorder.position)
        if self._milestones and self._milestones[0] == 0:
            self._gallery(self._milestones.popleft(), keep_weights=True)
        if progress < 1 and self.control.between_iterations(self._enter_pause):
            self._run_engine()
        self._flush()
        finished = self.schedule.progress(self._recorder.position) >= 1
        if not finished:
            self._final_gallery()
        self._checkpoint()
        return (RunState.FINISHED, "") if finished else (RunState.STOPPED, "")

    def _final_gallery(self) -> None:
        """The grid a stopped run ends with; a percentage that a milestone has already stays that milestone's."""
        galleries = self.folder.galleries()
        if all(gallery.iteration < self._recorder.position.iteration for gallery in galleries):
            percent = whole_percent(self.schedule.progress(self._recorder.position))
            taken = any(gallery.percent == percent for gallery in galleries)
            self._gallery(None if taken else percent, keep_weights=True)

    def _run_engine(self) -> None:
        settings = self.config.settings
        engine = Engine(lambda _engine, _batch: self._step(settings))
        # Ignite logs every exception with a traceback; ours are results that the status tells.
        engine.logger.disabled = True
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._after_iteration)
        engine.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: self._average_epoch(engine.state.epoch))
        length = self.schedule.iterations_per_epoch
        # Each way of planning ends in terminate(); the number of epochs only has to be out of reach.
        engine.load_state_dict(
            {"epoch_length": length, "max_epochs": 10**9, "iteration": self._recorder.position.iteration}
        )
        engine.run(None)
        epochs, rest = divmod(self._recorder.position.iteration, length)
        if rest == 0:
            self._average_epoch(epochs)  # Ignite leaves out the last epoch's event after terminate()

    def _step(self, settings: RecipeSettings) -> dict[str, Tensor]:
        if settings.rate_decay == "linear":
            left = 1 - self.schedule.progress(self._recorder.position)
            for name, optimizer in self.players.optimizers.items():
                for group, rate in zip(optimizer.param_groups, self._full_rates[name], strict=True):
                    group["lr"] = left * rate
        if Probe.is_due(self._recorder.position.iteration + 1):
            with self._probe.watch(self._feed) as feed:
                logged = self.recipe.step(self.players, settings, feed)
            self._signals = self._probe.take()
        else:
            logged, self._signals = self.recipe.step(self.players, settings, self._feed), None
        if self.players.averaged is not None:
            self.players.averaged.update(self.players.generator)
        return logged

    def _after_iteration(self, engine: Engine) -> None:
        now = time.perf_counter()
        position = Position(engine.state.iteration, self._batches.images_seen, now - self._clock_start)
        self._recorder.add(position, engine.state.output, self._signals)  # type: ignore[arg-type]
        if now - self._recorder.flushed_at >= FLUSH_S:
            self._flush()
        progress = self.schedule.progress(self._recorder.position)
        extra = self.schedule.extra_galleries(self._recorder.position)
        if self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
            while self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
                self._gallery(self._milestones.popleft(), keep_weights=True)
        elif extra > self._extra_galleries:
            self._gallery(None, keep_weights=False)
        self._extra_galleries = extra
        if self._watch:
            self._watch.consider(self._recorder.position, self.players)
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
            self._recorder.set(state=RunState.RUNNING)

    def _average_epoch(self, epoch: int) -> None:
        """Mean of each number over the epoch just done, as the script of seed 000 logs it."""
        self._flush()
        names = [series.name for series in self.recipe.series]
        rows, _ = self.history.since((epoch - 1) * self.schedule.iterations_per_epoch)
        average = Average()
        average.update(torch.from_numpy(np.column_stack([rows[name] for name in names])))
        means = average.compute().tolist()
        self._recorder.set(epoch_means={"epoch": epoch, **dict(zip(names, means, strict=True))})

    def _enter_pause(self) -> None:
        first = self.status.state is not RunState.PAUSED
        self._recorder.set(state=RunState.PAUSED)
        self._flush(save=True)
        self._recorder.forget_rate()
        if first:
            self._checkpoint()

    def _flush(self, save: bool = False) -> None:
        self._share_cores()
        self._recorder.flush(save)

    def _gallery(self, percent: int | None, keep_weights: bool) -> None:
        """Draw the run's fixed z with the generator as it is."""
        self._flush(save=True)
        name = f"galleries/{self._recorder.position.iteration:08d}" + ("" if percent is None else f"-{percent:03d}")
        gallery = Gallery(
            iteration=self._recorder.position.iteration,
            epoch=self.schedule.epoch(self._recorder.position),
            images_seen=self._recorder.position.images_seen,
            elapsed_s=self._recorder.position.elapsed_s,
            percent=percent,
            image=f"{name}.png",
            weights=f"{name}.safetensors" if keep_weights else None,
        )
        picture = images.png(self._painter.picture(), run=self.folder.id, iteration=str(gallery.iteration))
        self.folder.add_gallery(gallery, picture, self.players.shown)

    def _checkpoint(self) -> None:
        """Keep everything needed to go on from here.

        Raises:
            Diverged: when a weight is not finite, so that the last finite checkpoint stays.
        """
        self._flush(save=True)
        for player, network in (
            ("generator", self.players.generator),
            ("discriminator", self.players.discriminator),
        ):
            if (name := non_finite_weights(network)) is not None:
                raise Diverged(
                    f"diverged at iteration {self._recorder.position.iteration}: {player} weight {name} is not finite"
                )
        state = {
            "generator": self._generator.get_state(),
            "batches": self._batches.state_dict(),
            "position": vars(self._recorder.position),
        }
        self.folder.save_checkpoint(self.players, self._recorder.position.iteration, state)
        self._checkpointed_at = time.perf_counter()

    def _share_cores(self) -> None:
        # On points, threads would wait for one another as long as they work.
        wanted = 1 if is_points(self.config.data) else self._threads()
        if wanted != self._threads_now:
            torch.set_num_threads(wanted)  # of this thread only
            self._threads_now = wanted

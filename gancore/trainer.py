"""One run: the training loop, its galleries and checkpoints, and how it answers.

PyTorch-Ignite runs the loop. Everything that is not the recipe's step happens in one handler after each iteration.
"""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import Tensor

from gancore import images
from gancore.checkpoint import Gallery, RunFolder
from gancore.config import RunConfig
from gancore.control import Control
from gancore.devices import CORES
from gancore.errors import GanCoreError
from gancore.helm import Helm
from gancore.history import History
from gancore.i18n import ENGLISH, _, reason_of, speaking
from gancore.live_quality import Quality, QualityWatch
from gancore.player_files import non_finite_weights
from gancore.preparation import prepare
from gancore.probe import Probe
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.recorder import FLUSH_S, Diverged, Recorder
from gancore.schedule import MILESTONES, Position, Schedule, whole_percent
from gancore.sources import is_points
from gancore.status import RunState, Status
from gancore.steering import Change, Steering

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
        self._helm: Helm | None = None
        self._stored_changes = tuple(folder.changes())
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
    def changes(self) -> tuple[Change, ...]:
        """What was steered so far, oldest first."""
        helm = self._helm
        return helm.changes if helm else self._stored_changes

    @property
    def steering(self) -> Steering | None:
        """What is in force of all that can be steered; None before the players are built."""
        helm = self._helm
        return helm.steering if helm else None

    @property
    def quality(self) -> Quality | None:
        """What has been measured of the generator so far."""
        return self._watch.quality if self._watch else None

    @speaking(ENGLISH)  # what is logged and stored has no single reader
    def run(self) -> Status:
        """Train to the end of the plan, a stop, a divergence or a failure; never raises.

        Returns:
            The final status, which is on disk too.
        """
        try:
            state, message = self._train()
        except Diverged as diverged:
            state, message = RunState.DIVERGED, reason_of(diverged)
        except GanCoreError as error:
            state, message = RunState.FAILED, reason_of(error)
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
        self._recorder.set(state=RunState.RUNNING, message=_("loading the data"))
        self._recorder.save_status()
        self._share_cores()
        prepared = self._prepared = prepare(self.folder, self.config, self.recipe, self._recorder)
        self.players: Players = prepared.players
        self._helm = prepared.helm
        self._recorder.begin(prepared.schedule)
        watch = QualityWatch(self.folder, self.config, prepared.dataset, prepared.schedule)
        watch.begin(self._recorder.position)
        self._watch = watch
        try:
            return self._loop()
        finally:
            watch.close()
            self._recorder.close()

    def steer(self, asked: Mapping[str, Any]) -> Steering:
        """Change what is in force from the next iteration on; called in the training thread.

        Args:
            asked: the arguments of :func:`gancore.steering.wanted`.

        Raises:
            ConfigError: when something asked for is not valid; then nothing is changed.
        """
        prepared, position = self._prepared, self._recorder.position
        if prepared.helm.steer(position, asked):
            batches = self.recipe.batches_per_iteration(prepared.helm.settings)
            if batches != self._schedule.batches_per_iteration:
                prepared.count_epochs_from(position, batches)
            self.folder.write_changes(prepared.helm.changes)
        return prepared.helm.steering

    @property
    def _schedule(self) -> Schedule:
        return self._prepared.schedule

    def _loop(self) -> tuple[RunState, str]:
        position = self._recorder.position
        self._recorder.set(message="")
        self._clock_start = time.perf_counter() - position.elapsed_s
        self._checkpointed_at = time.perf_counter()
        taken = [gallery.percent for gallery in self.folder.galleries() if gallery.percent in MILESTONES]
        progress = self._schedule.progress(position)
        self._milestones = deque(
            p for p in MILESTONES if p not in taken and (p >= 100 * progress or p == 0 == progress)
        )
        self._extra_galleries = self._schedule.extra_galleries(position)
        if self._milestones and self._milestones[0] == 0:
            self._pass_milestones(0.0)
        if progress < 1 and self._answer():
            self._run_engine()
        self._flush()
        finished = self._schedule.progress(self._recorder.position) >= 1
        if not finished:
            self._final_gallery()
        self._checkpoint(milestone=finished)
        return (RunState.FINISHED, "") if finished else (RunState.STOPPED, "")

    def _final_gallery(self) -> None:
        """The grid a stopped run ends with; a percentage that a milestone has already stays that milestone's."""
        galleries = self.folder.galleries()
        if all(gallery.iteration < self._recorder.position.iteration for gallery in galleries):
            percent = whole_percent(self._schedule.progress(self._recorder.position))
            taken = any(gallery.percent == percent for gallery in galleries)
            self._gallery(None if taken else percent, keep_weights=True)

    def _run_engine(self) -> None:
        engine = Engine(lambda _engine, _batch: self._step())
        # Ignite logs every exception with a traceback; ours are results that the status tells.
        engine.logger.disabled = True
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._after_iteration)
        # Each way of planning ends in terminate(); the number of epochs only has to be out of reach. Epochs are
        # counted by the schedule, as their length changes with the critic steps.
        length, iteration = self._schedule.iterations_per_epoch, self._recorder.position.iteration
        engine.load_state_dict({"epoch_length": length, "max_epochs": 10**9, "iteration": iteration})
        engine.run(None)

    def _step(self) -> dict[str, Tensor]:
        prepared = self._prepared
        helm, players = prepared.helm, prepared.players
        decays = helm.settings.rate_decay == "linear"
        helm.set_rates(1 - self._schedule.progress(self._recorder.position) if decays else 1.0)
        self._signals = None
        with helm.holding():
            if Probe.is_due(self._recorder.position.iteration + 1):
                with prepared.probe.watch(prepared.feed) as feed:
                    logged = self.recipe.step(players, helm.settings, feed)
                self._signals = prepared.probe.take()
            else:
                logged = self.recipe.step(players, helm.settings, prepared.feed)
        if players.averaged is not None and helm.generator_trains:
            players.averaged.update(players.generator)
        return logged

    def _after_iteration(self, engine: Engine) -> None:
        now, iteration = time.perf_counter(), engine.state.iteration
        seen, epoch = self._prepared.batches.images_seen, self._schedule.epoch_at(iteration)
        position = Position(iteration, seen, now - self._clock_start, epoch)
        self._recorder.add(position, engine.state.output, self._signals)  # type: ignore[arg-type]
        if now - self._recorder.flushed_at >= FLUSH_S:
            self._flush()
        self._recorder.average_epoch()
        progress = self._schedule.progress(position)
        extra = self._schedule.extra_galleries(position)
        if self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
            self._pass_milestones(progress)
        elif extra > self._extra_galleries:
            self._gallery(None, keep_weights=False)
        self._extra_galleries = extra
        if self._watch:
            self._watch.consider(position, self.players)
        if now - self._checkpointed_at >= CHECKPOINT_S and progress < 1:
            self._checkpoint()
        if progress >= 1 or not self._answer():
            engine.terminate()
        elif self.status.state is RunState.PAUSED:
            self._recorder.set(state=RunState.RUNNING)

    def _answer(self) -> bool:
        """Do what other threads ask for; the time it takes does not count as training. Whether to go on."""
        waited_from = time.perf_counter()
        goes_on = self.control.between_iterations(self._enter_pause)
        self._clock_start += time.perf_counter() - waited_from
        return goes_on

    def _pass_milestones(self, progress: float) -> None:
        """The galleries that fall due at this share of the plan, and a checkpoint to branch from."""
        while self._milestones and 100 * progress >= self._milestones[0] - 1e-7:
            weights = self._gallery(self._milestones.popleft(), keep_weights=True)
        # A finished run's last checkpoint follows by itself.
        if self.config.keep_checkpoints == "milestones" and progress < 1:
            self._checkpoint(milestone=True, shown=weights)

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

    def _gallery(self, percent: int | None, keep_weights: bool) -> str | None:
        """Draw the run's fixed z with the generator as it is; returns the file of its weights, if they are kept."""
        self._flush(save=True)
        position = self._recorder.position
        name = f"galleries/{position.iteration:08d}" + ("" if percent is None else f"-{percent:03d}")
        gallery = Gallery(
            **vars(position),
            percent=percent,
            image=f"{name}.png",
            weights=f"{name}.safetensors" if keep_weights else None,
        )
        picture = images.png(self._prepared.painter.picture(), run=self.folder.id, iteration=str(gallery.iteration))
        self.folder.add_gallery(gallery, picture, self.players.shown)
        return gallery.weights

    def _checkpoint(self, milestone: bool = False, shown: str | None = None) -> None:
        """Keep everything needed to go on from here.

        Args:
            milestone: let it stay, if the run keeps those.
            shown: a file of the folder that has the weights of the generator that samples come from.

        Raises:
            Diverged: when a weight is not finite, so that the last finite checkpoint stays.
        """
        self._flush(save=True)
        position, players = self._recorder.position, self.players
        for player, network in ((_("generator"), players.generator), (_("discriminator"), players.discriminator)):
            if (name := non_finite_weights(network)) is not None:
                raise Diverged(
                    _(
                        "diverged at iteration {iteration}: {player} weight {name} is not finite",
                        iteration=position.iteration,
                        player=player,
                        name=name,
                    )
                )
        keep = milestone and self.config.keep_checkpoints == "milestones"
        self.folder.save_checkpoint(players, position.iteration, self._prepared.state(position), keep, shown)
        self._checkpointed_at = time.perf_counter()

    def _share_cores(self) -> None:
        # On points, threads would wait for one another as long as they work.
        wanted = 1 if is_points(self.config.data) else self._threads()
        if wanted != self._threads_now:
            torch.set_num_threads(wanted)  # of this thread only
            self._threads_now = wanted

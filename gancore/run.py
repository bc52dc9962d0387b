"""A handle on one run: its state and files, and its training where this process does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError

import torch
from torch import Tensor

from gancore import plane
from gancore.branching import BranchPoint, branch_points
from gancore.checkpoint import Gallery, RunFolder
from gancore.config import RunConfig
from gancore.errors import RunError
from gancore.history import HISTORY_FILE, POSITION, SIGNALS_FILE, History, HistoryFile
from gancore.i18n import N_, _
from gancore.live_quality import Quality, read_quality
from gancore.plane import PlaneView
from gancore.player_files import weights_of
from gancore.players import build_players, copy_players, sketch
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.signals import SIGNAL_NAMES
from gancore.status import Parent, RunState, Status
from gancore.steering import Change, Steering, Trains, in_force, planned_steering
from gancore.trainer import Trainer


class Run:
    """One run, live here or not."""

    def __init__(
        self, folder: RunFolder, trainer: Trainer | None = None, withdraw: Callable[[Run], None] | None = None
    ) -> None:
        self.folder, self._trainer, self._withdraw = folder, trainer, withdraw
        self._ended = threading.Event()
        self._files = {name: HistoryFile(folder.path / name) for name in (HISTORY_FILE, SIGNALS_FILE)}
        if trainer is None:
            self._ended.set()

    @property
    def id(self) -> str:
        """The run's name."""
        return self.folder.id

    @property
    def is_mine(self) -> bool:
        """Whether this process trains it, or will: only then can it be paused and stopped from here."""
        return self._trainer is not None

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the program: see :mod:`gancore.shelf`."""
        return self.folder.is_shipped

    @property
    def config(self) -> RunConfig:
        """What was asked for."""
        trainer = self._trainer
        return self.folder.read_config() if trainer is None else trainer.config

    def status(self) -> Status:
        """How it stands."""
        trainer = self._trainer
        return self.folder.read_status() if trainer is None else trainer.status

    def history(self) -> History:
        """Its log; live where this process trains it, else as far as it is on disk."""
        trainer = self._trainer
        names = [series.name for series in recipe_of(self.config.preset).series]
        return self._read(HISTORY_FILE, names) if trainer is None else trainer.history

    def signals(self) -> History:
        """What means the same for every GAN (:data:`gancore.signals.SIGNALS`), a row a probed iteration; live or
        from disk as :meth:`history` is, empty where there is none.
        """
        trainer = self._trainer
        return self._read(SIGNALS_FILE, SIGNAL_NAMES) if trainer is None else trainer.signals

    def quality(self) -> Quality | None:
        """What has been measured of it while it trained; None before the first measurement.

        Raises:
            CheckpointError: when a file of it is damaged.
        """
        trainer = self._trainer
        return read_quality(self.folder) if trainer is None else trainer.quality

    def galleries(self) -> list[Gallery]:
        """Its galleries so far, oldest first."""
        return self.folder.galleries()

    def milestones(self) -> list[Gallery]:
        """The galleries whose generator was kept, oldest first."""
        return [gallery for gallery in self.galleries() if gallery.weights is not None]

    def changes(self) -> list[Change]:
        """What was steered while it trained, oldest first; of a branch also what its parent was, until then.

        Raises:
            CheckpointError: when the file is damaged.
        """
        trainer = self._trainer
        return self.folder.changes() if trainer is None else list(trainer.changes)

    def steering(self) -> Steering:
        """What is in force of all that :meth:`steer` can change; of a run that ended, as it ended."""
        trainer = self._trainer
        now = None if trainer is None else trainer.steering
        if now is not None:
            return now
        config = self.config
        return in_force(planned_steering(sketch(config), config.settings), self.changes())

    def parent(self) -> Parent | None:
        """Where it began, if it is a branch of another run.

        Raises:
            CheckpointError: when the file is damaged.
        """
        return self.folder.parent()

    def branch_points(self) -> list[BranchPoint]:
        """The checkpoints it keeps now, oldest first: where :meth:`RunManager.branch` can begin."""
        return branch_points(self.folder, self.config, self.history())

    def train(self) -> None:
        """Train it in the calling thread, to its end; the manager's threads call this once."""
        if self._trainer is None:
            return
        try:
            self._trainer.run()
        finally:
            # The trainer holds networks, optimizers and images: a server that trains all day must let go of them.
            self._trainer = None
            self.folder.lock.release()
            self._ended.set()

    def pause(self) -> None:
        """Wait after the iteration under way."""
        self._live().control.pause()

    def resume(self) -> None:
        """Go on after a pause. (A run that ended is resumed by :meth:`RunManager.resume`.)"""
        self._live().control.resume()

    def step(self) -> None:
        """Train one iteration, then wait."""
        self._live().control.step()

    def stop(self) -> None:
        """End after the iteration under way, with a checkpoint; a queued run ends at once."""
        self._live().control.stop()
        if self._withdraw is not None:
            self._withdraw(self)

    def pace(self, iterations_per_s: float | None) -> None:
        """Train no more than so many iterations a second, to be watched; None: as fast as it can.

        The waits do not count as training time.

        Raises:
            RunError: when it is not above 0, or this process does not train the run.
        """
        self._live().control.pace(iterations_per_s)

    @property
    def paced(self) -> float | None:
        """What :meth:`pace` asked for; None too where this process does not train the run."""
        trainer = self._trainer
        return None if trainer is None else trainer.control.paced

    def steer(
        self,
        *,
        learning_rates: Mapping[str, float] | None = None,
        critic_steps: int | None = None,
        trains: Trains | None = None,
        timeout_s: float = 30.0,
    ) -> Steering:
        """Change what is given from the next iteration on; see :meth:`steering` for what it is now.

        Args:
            learning_rates: optimizer -> its full rate, above 0 and at most 1; a linear decay goes on from it.
            critic_steps: within the limits of the recipe's setting of that name.
            trains: who learns; the other player is held as it is.

        Returns:
            What is in force then.

        Raises:
            ConfigError: when something given is not valid; then nothing is changed.
            RunError: when this process does not train the run, it still waits, or it did not answer in time.
        """
        trainer = self._live()
        if trainer.status.state is RunState.QUEUED:
            raise RunError(_("run {run} waits for its turn and can be steered when it trains", run=self.id))
        asked = {"learning_rates": learning_rates, "critic_steps": critic_steps, "trains": trains}
        future = trainer.control.call(lambda: trainer.steer(asked))
        try:
            return future.result(timeout_s)
        except (CancelledError, TimeoutError) as error:
            future.cancel()
            raise RunError(
                _(
                    "run {run} ended before it could be steered, or took over {seconds:g} s",
                    run=self.id,
                    seconds=timeout_s,
                )
            ) from error

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended here; False when the time ran out first."""
        return self._ended.wait(timeout_s)

    def snapshot(self, timeout_s: float = 30.0) -> dict[str, Tensor]:
        """The weights that samples come from, as they are now, copied between two iterations on the training thread.

        Raises:
            RunError: when this process does not train the run, or it has not started.
        """
        trainer = self._live()
        future = trainer.control.call(lambda: weights_of(trainer.players.shown))
        try:
            return future.result(timeout_s)
        except BaseException as error:
            future.cancel()
            raise RunError(
                _("run {run} gave no snapshot within {seconds:g} s", run=self.id, seconds=timeout_s)
            ) from error

    def copy_into(self, players: Players, timeout_s: float = 30.0) -> int:
        """Put its networks and optimizers, as they are now, into players of its configuration.

        Where this process does not train it, they are those of its last checkpoint.

        Returns:
            The iteration they are of.

        Raises:
            RunError: when there is no checkpoint, or a live run does not answer in time.
            CheckpointError: when the checkpoint is damaged.
        """
        trainer = self._trainer
        if trainer is not None:

            def copy_now() -> int:
                copy_players(trainer.players, players)
                return trainer.status.iteration

            future = trainer.control.call(copy_now)
            try:
                return future.result(timeout_s)
            except TimeoutError as error:
                future.cancel()
                raise RunError(
                    _("run {run} gave no copy of its networks within {seconds:g} s", run=self.id, seconds=timeout_s)
                ) from error
            except CancelledError:  # it has just ended
                pass
        state = self.folder.load_checkpoint(players)
        if state is None:
            raise RunError(_("run {run} keeps no checkpoint with both networks", run=self.id))
        return int(state["position"]["iteration"])

    def look(self, label: int = 0, timeout_s: float = 30.0) -> PlaneView:
        """What its plane looks like now; where this process does not train it, as its last checkpoint has it.

        Args:
            label: the class whose plane it is, for a recipe that is told one.

        Raises:
            RunError: when its data are images, or it has not trained yet.
            CheckpointError, DataError: when its files or its data are gone or damaged.
        """
        config, trainer = self.config, self._trainer
        dataset = plane.points_of(config)
        if trainer is None:
            return self._look_back(config, dataset, label)
        future = trainer.control.call(
            lambda: plane.look(trainer.players, config, dataset, trainer.status.iteration, label=label)
        )
        try:
            return future.result(timeout_s)
        except CancelledError:  # it has just ended
            return self._look_back(config, dataset, label)
        except TimeoutError as error:
            future.cancel()
            raise RunError(
                _("run {run} gave no view of its plane within {seconds:g} s", run=self.id, seconds=timeout_s)
            ) from error

    def let_go(self) -> None:
        """Give back the memory that reading its logs from disk took; they are fetched again when they are needed."""
        for file in self._files.values():
            file.let_go()

    def _read(self, name: str, columns: Sequence[str]) -> History:
        """A history file, of which only what is new is read."""
        file = self._files[name]
        return file.read() if file.path.is_file() else History([*POSITION, *columns])

    def _look_back(self, config: RunConfig, dataset: PointData, label: int) -> PlaneView:
        resolved = self.folder.read_resolved()
        precision = resolved.precision if resolved else "float32"
        players = build_players(config, dataset.shape, torch.device("cpu"), precision, len(dataset.classes))
        state = self.folder.load_checkpoint(players)
        if state is None:
            raise RunError(_("run {run} has no checkpoint whose plane could be shown", run=self.id))
        return plane.look(players, config, dataset, int(state["position"]["iteration"]), label=label)

    def _live(self) -> Trainer:
        trainer = self._trainer
        if trainer is None:
            state = self.folder.read_status().state
            told = (
                N_("run {run} is {state} in another process and cannot be controlled from here")
                if state.is_live
                else N_("run {run} is {state} and cannot be controlled from here")
            )
            raise RunError(_(told, run=self.id, state=state.words))
        return trainer

"""Many runs: what is on disk, what trains now, and what waits for a core."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path

import torch
from filelock import Timeout
from torch import Tensor

from gancore import plane
from gancore.checkpoint import Gallery, RunFolder, run_folders, weights_of
from gancore.config import Length, RunConfig
from gancore.devices import CORES, lower_priority, resolve_device
from gancore.errors import CheckpointError, RunError
from gancore.history import POSITION, History, read_history
from gancore.live_quality import Quality, read_quality
from gancore.plane import PlaneView
from gancore.players import build_players
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.schedule import Position, Schedule, whole_percent
from gancore.status import RunState, Status
from gancore.trainer import Trainer

DEFAULT_MAX_RUNNING = max(2, min(4, CORES // 2))
"""Runs that train at once; more wait. Each gets an equal share of the cores."""


class Run:
    """A handle on one run, live here or not."""

    def __init__(
        self, folder: RunFolder, trainer: Trainer | None = None, withdraw: Callable[[Run], None] | None = None
    ) -> None:
        self.folder, self._trainer, self._withdraw = folder, trainer, withdraw
        self._ended = threading.Event()
        self._from_disk: tuple[tuple[int, int], History] | None = None
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
        if trainer is not None:
            return trainer.history
        path = self.folder.path / "history.arrow"
        if not path.is_file():
            return History([*POSITION, *(series.name for series in recipe_of(self.config.preset).series)])
        stat = path.stat()
        version = (stat.st_mtime_ns, stat.st_size)
        if self._from_disk is None or self._from_disk[0] != version:
            self._from_disk = (version, read_history(path))
        return self._from_disk[1]

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
            raise RunError(f"run {self.id} gave no snapshot within {timeout_s:g} s") from error

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
            raise RunError(f"run {self.id} gave no view of its plane within {timeout_s:g} s") from error

    def _look_back(self, config: RunConfig, dataset: PointData, label: int) -> PlaneView:
        resolved = self.folder.read_resolved()
        precision = resolved.precision if resolved else "float32"
        players = build_players(config, dataset.shape, torch.device("cpu"), precision, len(dataset.classes))
        state = self.folder.load_checkpoint(players)
        if state is None:
            raise RunError(f"run {self.id} has no checkpoint whose plane could be shown")
        return plane.look(players, config, dataset, int(state["position"]["iteration"]), label=label)

    def _live(self) -> Trainer:
        trainer = self._trainer
        if trainer is None:
            state = self.folder.read_status().state
            where = " in another process" if state.is_live else ""
            raise RunError(f"run {self.id} is {state}{where} and cannot be controlled from here")
        return trainer


@dataclass
class _Queue:
    waiting: deque[Run] = field(default_factory=deque)
    running: list[Run] = field(default_factory=list)


class RunManager:
    """Starts runs in background threads, queues what is too many, and finds runs on disk."""

    def __init__(self, root: Path | str, max_running: int = DEFAULT_MAX_RUNNING, niceness: int = 0) -> None:
        """Args:
        root: the folder of run folders, made when first needed.
        niceness: added to the training threads' priority number on Linux; 0 leaves it.
        """
        self.root, self._max_running, self._niceness = Path(root), max_running, niceness
        self._lock = threading.RLock()
        self._queue = _Queue()
        self._runs: dict[str, Run] = {}
        self._closed = False
        # torch aborts the process when the interpreter ends under a training thread: stop and join before.
        atexit.register(self.shutdown)

    def start(self, config: RunConfig) -> Run:
        """Make a run folder and train it, or queue it.

        Raises:
            ConfigError: when this machine does not have the device asked for.
            DataError: never here: a missing data set fails the run; see :func:`gancore.data.fetch`.
        """
        resolve_device(config.device)
        self._refuse_when_closed()
        folder = RunFolder.create(self.root, config)
        folder.lock.acquire(timeout=5)
        return self._submit(folder, config)

    def resume(self, run_id: str, plan: Length | None = None) -> Run:
        """Go on with an ended run from its last checkpoint.

        Args:
            plan: a new planned length, longer than what has been trained; needed for a finished run.

        Raises:
            CheckpointError: when there is no such run or its files are damaged.
            RunError: when it is live, diverged, or finished and not lengthened.
        """
        folder = RunFolder.open(self.root, run_id)
        with self._lock:
            live = self._runs.get(run_id)
            if live is not None and live.is_mine:
                raise RunError(f"run {run_id} is {live.status().state} already")
            try:
                folder.lock.acquire(timeout=1)
            except Timeout as error:
                raise RunError(f"run {run_id} is trained by another process") from error
            try:
                self._refuse_when_closed()
                return self._submit(folder, _resumable(folder, plan))
            except BaseException:
                folder.lock.release()
                raise

    def get(self, run_id: str) -> Run:
        """A run by its name.

        Raises:
            CheckpointError: when there is none.
        """
        with self._lock:
            if run_id in self._runs and self._runs[run_id].folder.path.is_dir():
                return self._runs[run_id]
            run = Run(RunFolder.open(self.root, run_id))
            self._runs[run_id] = run
            return run

    def runs(self) -> list[Run]:
        """All runs on disk that can be read, newest first; see :meth:`damaged` for the others."""
        return self.survey()[0]

    def damaged(self) -> dict[str, str]:
        """Name -> what is wrong, of the run folders that cannot be read."""
        return self.survey()[1]

    def survey(self) -> tuple[list[Run], dict[str, str]]:
        """What :meth:`runs` and :meth:`damaged` give, from one look at the disk."""
        found, damaged = [], {}
        for folder in run_folders(self.root):
            try:
                run = self.get(folder.id)
                _ = run.config, run.status()
            except CheckpointError as error:
                damaged[folder.id] = str(error)
            else:
                found.append(run)
        return found, damaged

    def delete(self, run_id: str) -> None:
        """Remove an ended run and its files.

        Raises:
            RunError: when it is live.
        """
        run = self.get(run_id)
        if run.status().state.is_live:
            raise RunError(f"run {run_id} is {run.status().state}; stop it before deleting it")
        with self._lock:
            run.folder.delete()
            self._runs.pop(run_id, None)

    def shutdown(self, timeout_s: float = 60.0) -> None:
        """Stop every run of this process with a checkpoint and wait for the threads to end."""
        with self._lock:
            self._closed = True
            mine = [*self._queue.waiting, *self._queue.running]
        for run in mine:
            with contextlib.suppress(RunError):  # it may end by itself in between
                run.stop()
        for run in mine:
            run.wait(timeout_s)

    def threads_per_run(self) -> int:
        """Cores each running run may use."""
        return max(1, CORES // max(1, len(self._queue.running)))

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise RunError("the program is shutting down; no run can be started")

    def _submit(self, folder: RunFolder, config: RunConfig) -> Run:
        with self._lock:
            self._refuse_when_closed()
            run = Run(folder, Trainer(folder, config, self.threads_per_run), self._withdraw)
            self._runs[run.id] = run
            self._queue.waiting.append(run)
            folder.write_status(run.status())
            self._start_waiting()
        return run

    def _withdraw(self, run: Run) -> None:
        """A stopped run that still waits ends without its turn."""
        with self._lock:
            if run not in self._queue.waiting:
                return
            self._queue.waiting.remove(run)
        run.train()

    def _start_waiting(self) -> None:
        while self._queue.waiting and len(self._queue.running) < self._max_running:
            run = self._queue.waiting.popleft()
            self._queue.running.append(run)
            threading.Thread(target=self._work, args=(run,), name=f"train {run.id}", daemon=True).start()

    def _work(self, run: Run) -> None:
        lower_priority(self._niceness)
        try:
            run.train()
        finally:
            with self._lock:
                self._queue.running.remove(run)
                if not self._closed:
                    self._start_waiting()


def _resumable(folder: RunFolder, plan: Length | None) -> RunConfig:
    """The configuration to go on with; stored again when ``plan`` lengthens it."""
    status, config, resolved = folder.stored_status(), folder.read_config(), folder.read_resolved()
    if status.state is RunState.DIVERGED:
        raise RunError(f"run {folder.id} {status.message} and would do so again; start a new one")
    if plan is None:
        if status.state is RunState.FINISHED:
            raise RunError(f"run {folder.id} is finished; give a longer plan to train it further")
        return config
    if resolved is not None:
        schedule = Schedule(plan, resolved.batches_per_epoch, resolved.batches_per_iteration)
        if schedule.progress(Position(status.iteration, status.images_seen, status.elapsed_s)) >= 1:
            raise RunError(
                f"run {folder.id} has trained {status.epoch:.4g} epochs ({status.iteration:,} iterations, "
                f"{status.elapsed_s:.4g} s) already; expected a longer plan, found {plan.describe()}"
            )
        folder.write_galleries([_relabelled(gallery, schedule) for gallery in folder.galleries()])
    config = config.model_copy(update={"plan": plan})
    folder.write_config(config)
    return config


def _relabelled(gallery: Gallery, schedule: Schedule) -> Gallery:
    """A milestone's percentage of the new plan."""
    if not gallery.percent:
        return gallery
    share = schedule.progress(Position(gallery.iteration, gallery.images_seen, gallery.elapsed_s))
    return gallery.model_copy(update={"percent": whole_percent(share)})

"""Many runs: what is on disk, what trains now, and what waits for a core."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import Timeout

from gancore.branching import begin_branch
from gancore.checkpoint import RunFolder, run_folders
from gancore.config import Length, RunConfig
from gancore.devices import CORES, lower_priority, resolve_device
from gancore.errors import CheckpointError, RunError
from gancore.i18n import _, reason_of
from gancore.outlook import Entry, Outlook, outlook
from gancore.recipes import PRESETS
from gancore.run import Run
from gancore.schedule import Position, Schedule
from gancore.shelf import ShippedFolder
from gancore.status import RunState
from gancore.trainer import Trainer
from gancore.trash import move_to_trash
from gancore.upload import refuse_uploaded

DEFAULT_MAX_RUNNING = max(2, min(4, CORES // 2))
"""Runs that train at once; more wait. Each gets an equal share of the cores."""

MOST_RUNNING = 8
"""Most runs at once that can be asked for while runs train."""


@dataclass
class _Queue:
    waiting: deque[Run] = field(default_factory=deque)
    running: list[Run] = field(default_factory=list)


class RunManager:
    """Starts runs in background threads, queues what is too many, and finds runs on disk."""

    def __init__(
        self,
        root: Path | str,
        max_running: int = DEFAULT_MAX_RUNNING,
        niceness: int = 0,
        shelf: Path | None = None,
    ) -> None:
        """Args:
        root: the folder of run folders, made when first needed.
        niceness: added to the training threads' priority number on Linux; 0 leaves it.
        shelf: the shipped runs' folder, only read; see :func:`gancore.shelf.shelf_folder`.
        """
        self.shelf = shelf
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
        folder = self._open(run_id)
        if folder.is_shipped:
            raise RunError(
                _("{run} ships with GANscope without what training goes on from; start a run of your own", run=run_id)
            )
        with self._lock:
            live = self._runs.get(run_id)
            if live is not None and live.is_mine:
                raise RunError(_("run {run} is {state} already", run=run_id, state=live.status().state.words))
            try:
                folder.lock.acquire(timeout=1)
            except Timeout as error:
                raise RunError(_("run {run} is trained by another process", run=run_id)) from error
            try:
                self._refuse_when_closed()
                return self._submit(folder, _resumable(folder, plan))
            except BaseException:
                folder.lock.release()
                raise

    def branch(self, run_id: str, iteration: int | None = None, **overrides: Any) -> Run:
        """Go on from a checkpoint of any run with something changed, as a new run.

        Without overrides it computes what its parent computed. Another batch size or data set begins a new pass
        through the data; another seed brings new batches and latents. A live parent trains on.

        Args:
            iteration: of a checkpoint in :meth:`Run.branch_points`; None: the newest.
            overrides: settings of the run and of its recipe, as :func:`gancore.recipes.configure` takes them; any
                but those that the networks' shapes follow from.

        Raises:
            CheckpointError: when there is no such run or its files are damaged.
            ConfigError: when a setting is not valid, or changes the networks' shapes.
            RunError: when there is no such checkpoint, or the plan does not go beyond it.
            DataError: when another data set is not there.
        """
        self._refuse_when_closed()
        parent = self._open(run_id)
        if parent.checkpoints():
            parent.for_writing()  # a branch's folder is made beside its parent's
        folder, config = begin_branch(parent, iteration, overrides)
        try:
            return self._submit(folder, config)
        except BaseException:
            folder.lock.release()
            folder.delete()
            raise

    def get(self, run_id: str) -> Run:
        """A run by its name.

        Raises:
            CheckpointError: when there is none.
        """
        with self._lock:
            if run_id in self._runs and self._runs[run_id].folder.path.is_dir():
                return self._runs[run_id]
            run = Run(self._open(run_id))
            self._runs[run_id] = run
            return run

    def _open(self, run_id: str) -> RunFolder:
        """A run's folder: among the runs, else on the shelf."""
        on_shelf = [] if self.shelf is None else [folder.id for folder in run_folders(self.shelf)]
        if self.shelf is not None and run_id in on_shelf and not (self.root / run_id / "config.json").is_file():
            return ShippedFolder(self.shelf / run_id, self.root)
        try:
            return RunFolder.open(self.root, run_id)
        except CheckpointError as error:
            if not on_shelf:
                raise
            names = ", ".join(sorted(on_shelf))
            raise CheckpointError(
                _("{error}; shipped with GANscope are {names}", error=error, names=names)
            ) from error

    def runs(self) -> list[Run]:
        """All runs on disk that can be read, newest first; see :meth:`damaged` for the others.

        Shipped ones come last, in the order of their presets.
        """
        return self.survey()[0]

    def own_runs(self) -> list[Run]:
        """What :meth:`runs` gives, without those that came with the program."""
        return [run for run in self.runs() if not run.is_shipped]

    def shipped_ids(self) -> list[str]:
        """Ids of the runs on the shelf."""
        return [] if self.shelf is None else [folder.id for folder in run_folders(self.shelf)]

    def damaged(self) -> dict[str, str]:
        """Name -> what is wrong, of the run folders that cannot be read."""
        return self.survey()[1]

    def survey(self) -> tuple[list[Run], dict[str, str]]:
        """What :meth:`runs` and :meth:`damaged` give, from one look at the disk."""
        found, damaged = [], {}
        own = [folder.id for folder in run_folders(self.root)]
        for run_id in dict.fromkeys([*own, *self.shipped_ids()]):
            try:
                run = self.get(run_id)
                _config, _status = run.config, run.status()
            except CheckpointError as error:
                damaged[run_id] = reason_of(error)
            else:
                found.append(run)
        order = list(PRESETS)
        found.sort(key=lambda run: 1 + order.index(run.config.preset) if run.is_shipped else 0)
        return found, damaged

    def can_delete(self, run: Run) -> bool:
        """Whether it has a folder among the runs: all but shipped ones to which nothing was added."""
        return run.folder.path.parent == self.root

    def delete(self, run_id: str) -> None:
        """Move an ended run to the trash (:mod:`gancore.trash`); of a shipped one, what was added to it.

        Raises:
            RunError: when it is live, or a shipped one to which nothing was added.
            CheckpointError: when its folder cannot be moved.
        """
        run = self.get(run_id)
        if not self.can_delete(run):
            raise RunError(_("{run} ships with GANscope and cannot be deleted", run=run_id))
        if run.status().state.is_live:
            raise RunError(
                _("run {run} is {state}; stop it before deleting it", run=run_id, state=run.status().state.words)
            )
        with self._lock:
            move_to_trash(run.folder)
            self._runs.pop(run_id, None)

    def waiting(self) -> list[Run]:
        """This process's runs that wait for their turn, in the order they will start."""
        with self._lock:
            return list(self._queue.waiting)

    def move(self, run_id: str, place: int) -> None:
        """Give a waiting run another place in the queue.

        Args:
            place: 0 for the next to start; past the end means the last.

        Raises:
            RunError: when it does not wait here, or the place is below 0.
        """
        if place < 0:
            raise RunError(_("expected a place in the queue from 0 on, found {found}", found=place))
        with self._lock:
            queue = self._queue.waiting
            run = next((run for run in queue if run.id == run_id), None)
            if run is None:
                names = ", ".join(run.id for run in queue) or _("none")
                raise RunError(
                    _("run {run} does not wait for its turn here; those that do: {names}", run=run_id, names=names)
                )
            queue.remove(run)
            queue.insert(place, run)

    @property
    def max_running(self) -> int:
        """Runs that train at once, 1 to 8; raising it starts waiting ones, lowering it stops none.

        Raises:
            RunError: when it is set to another number.
        """
        return self._max_running

    @max_running.setter
    def max_running(self, count: int) -> None:
        if count not in range(1, MOST_RUNNING + 1):
            raise RunError(_("expected 1 to {most} runs at once, found {count}", most=MOST_RUNNING, count=count))
        with self._lock:
            self._max_running = count
            if not self._closed:
                self._start_waiting()

    def outlook(self) -> Outlook:
        """How long this process's live and waiting runs will take, with what the finished ones on disk tell."""
        with self._lock:
            mine = [*self._queue.running, *self._queue.waiting]
        entries = [Entry(run.id, run.config, run.status()) for run in mine]
        found = [Entry(run.id, run.config, run.status()) for run in self.own_runs()]
        finished = [entry for entry in found if entry.status.state is RunState.FINISHED]
        return outlook(entries, finished, self._max_running)

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
            raise RunError(_("the program is shutting down; no run can be started"))

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
    refuse_uploaded(folder)
    if status.state is RunState.DIVERGED:
        raise RunError(
            _("run {run} {message} and would do so again; start a new one", run=folder.id, message=status.words)
        )
    if plan is None:
        if status.state is RunState.FINISHED:
            raise RunError(_("run {run} is finished; give a longer plan to train it further", run=folder.id))
        return config
    if resolved is not None:
        schedule = Schedule(plan, resolved.batches_per_epoch, resolved.batches_per_iteration)
        if schedule.progress(Position(status.iteration, status.images_seen, status.elapsed_s, status.epoch)) >= 1:
            raise RunError(
                _(
                    "run {run} has trained {epochs:.4g} epochs ({iterations:,} iterations, {seconds:.4g} s) "
                    "already; expected a longer plan, found {plan}",
                    run=folder.id,
                    epochs=status.epoch,
                    iterations=status.iteration,
                    seconds=status.elapsed_s,
                    plan=plan.describe(),
                )
            )
        folder.write_galleries([gallery.under(schedule) for gallery in folder.galleries()])
    config = config.model_copy(update={"plan": plan})
    folder.write_config(config)
    return config

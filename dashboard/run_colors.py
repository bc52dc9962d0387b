"""A run's colour and dash: the same on every page, in every tab, and after a restart.

Runs get numbers in the order they were made; a number is free again when its run was deleted. The numbers are kept in
``looks.json`` beside the run folders.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from dashboard.engine import runs_folder
from dashboard.palette import DASHES, RUN_COLORS
from gancore.checkpoint import run_folders
from gancore.files import write_json
from gancore.shelf import shelf_folder

FILE = "looks.json"
WAIT_S = 2.0
MARKS = {"solid": "━━", "dash": "╍╍", "dot": "┉┉", "dashdot": "━╍"}
_lock = threading.Lock()
_numbers: dict[Path, dict[str, int]] = {}


@dataclass(frozen=True)
class Look:
    """How a run's lines are drawn."""

    color: str
    """``#rrggbb``."""
    dash: str
    """One of Plotly's line styles."""

    @property
    def mark(self) -> str:
        """A piece of the line, in letters, where only text can be shown."""
        return MARKS[self.dash]


def look(number: int) -> Look:
    """The look of a number: 32 differ, then they repeat."""
    return Look(RUN_COLORS[number % len(RUN_COLORS)], DASHES[number // len(RUN_COLORS) % len(DASHES)])


def run_look(run_id: str, folder: Path | None = None) -> Look:
    """How a run is drawn, from its first sight on.

    Args:
        run_id: of a run; of one whose folder is gone, the look it had or would get.
        folder: of the run folders; None: the dashboard's.
    """
    root = (folder or runs_folder()).resolve()
    with _lock:
        known = _numbers.setdefault(root, {})
        if run_id not in known:
            _numbers[root] = known = _assign(root, known, run_id)
        return look(known[run_id])


def _assign(root: Path, known: dict[str, int], run_id: str) -> dict[str, int]:
    """Numbers of all runs that there are, and of ``run_id``; stored where the folder can be written to."""
    file = root / FILE
    try:
        with FileLock(root / f".{FILE}.lock", timeout=WAIT_S):
            numbers = _numbered(root, known | _read(file), run_id)
            write_json(file, numbers)
    except (OSError, Timeout):  # a folder to read only: the numbers last as long as the server
        numbers = _numbered(root, known | _read(file), run_id)
    return numbers


def _numbered(root: Path, before: dict[str, int], run_id: str) -> dict[str, int]:
    there = [run.id for run in reversed(run_folders(root))]
    shelf = shelf_folder()
    shipped = set() if shelf is None else {run.id for run in run_folders(shelf)}  # these get numbers when shown
    numbers = {name: before[name] for name in before if name in there or name in shipped}
    used = set(numbers.values())
    free = (number for number in count() if number not in used)
    return numbers | {name: next(free) for name in dict.fromkeys([*there, run_id]) if name not in numbers}


def _read(file: Path) -> dict[str, int]:
    """What is stored; nothing where there is no file, or one that is none of ours."""
    with contextlib.suppress(OSError, ValueError):
        stored = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(stored, dict):
            return {str(name): number for name, number in stored.items() if type(number) is int and number >= 0}
    return {}

"""What tests share: managers that are shut down, every preset, the real MNIST where it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before numpy counts the cores, here and in what tests start: several tests run at once, and threads of two of them
# that wait for one another hardly move.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import tiny_runs  # noqa: F401  first: it limits torch to one thread

from gancore.recipes import PRESETS
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[1]
# Tests read what is said, in whatever language their machine is.
os.environ["GANCORE_LANGUAGE"] = "en"
# Folders of runs are empty at first, but for the tests of what ships.
os.environ["GANSCOPE_STARTERS"] = "none"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, up to four: tests of pages wait for a browser and a server half of the time."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 3) + 1


@pytest.fixture(params=list(PRESETS))
def preset(request: pytest.FixtureRequest) -> str:
    """Every preset's name."""
    return str(request.param)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[RunManager]:
    """A run manager on an empty folder."""
    manager = RunManager(tmp_path / "runs")
    yield manager
    manager.shutdown()


@pytest.fixture
def make_manager(tmp_path: Path) -> Iterator[Callable[..., RunManager]]:
    """Run managers on folders of choice, each shut down at the end."""
    made: list[RunManager] = []

    def make(folder: str = "runs", **options: Any) -> RunManager:
        made.append(RunManager(tmp_path / folder, **options))
        return made[-1]

    yield make
    for manager in made:
        manager.shutdown()


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real MNIST, from GANCORE_DATA or from ../shared/data; skips where it is not."""
    folder = Path(os.environ.get("GANCORE_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"no MNIST in {folder}; set GANCORE_DATA to a folder that has it")
    monkeypatch.setenv("GANCORE_DATA", str(folder))

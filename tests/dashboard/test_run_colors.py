"""A run's look: in order of creation, the same in every process, and none of another's business."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import run_colors
from dashboard.run_colors import FILE, look, run_look
from gancore.files import write_json


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What this process remembers does not outlast a test."""
    run_colors._numbers.clear()
    yield
    run_colors._numbers.clear()


def make(folder: Path, *names: str) -> None:
    """Run folders as far as a listing needs them; the time in a name orders them."""
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text("{}")


OLD, MIDDLE, NEW = (f"quick-digits-20260101-00000{second}" for second in range(3))


def test_numbers_follow_the_order_of_creation(tmp_path: Path) -> None:
    make(tmp_path, NEW, OLD, MIDDLE)
    assert run_look(NEW, tmp_path) == look(2)
    assert run_look(OLD, tmp_path) == look(0)
    assert json.loads((tmp_path / FILE).read_text()) == {OLD: 0, MIDDLE: 1, NEW: 2}


def test_others_may_come_and_go_and_the_server_restart(tmp_path: Path) -> None:
    make(tmp_path, OLD, NEW)
    before = run_look(NEW, tmp_path)
    make(tmp_path, MIDDLE)
    assert run_look(MIDDLE, tmp_path) == look(2)
    (tmp_path / OLD / "config.json").unlink()
    run_colors._numbers.clear()
    assert run_look(NEW, tmp_path) == before
    assert run_look(MIDDLE, tmp_path) == look(2)


def test_a_deleted_runs_number_is_free_again(tmp_path: Path) -> None:
    make(tmp_path, OLD, MIDDLE)
    run_look(OLD, tmp_path)
    (tmp_path / OLD / "config.json").unlink()
    make(tmp_path, NEW)
    assert run_look(NEW, tmp_path) == look(0)
    assert run_look(MIDDLE, tmp_path) == look(1)


def test_another_process_has_the_last_word(tmp_path: Path) -> None:
    make(tmp_path, OLD)
    run_look(OLD, tmp_path)
    make(tmp_path, MIDDLE, NEW)
    write_json(tmp_path / FILE, {OLD: 0, NEW: 1})
    assert run_look(MIDDLE, tmp_path) == look(2)
    assert run_look(NEW, tmp_path) == look(1)


@pytest.mark.parametrize("content", ["no json", "[]", '{"a": "b"}', '{"a": -1}'])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: str) -> None:
    make(tmp_path, OLD)
    (tmp_path / FILE).write_text(content)
    assert run_look(OLD, tmp_path) == look(0)
    assert json.loads((tmp_path / FILE).read_text()) == {OLD: 0}


def test_a_folder_that_cannot_be_written_to_still_gives_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(run_colors, "write_json", refuse)
    make(tmp_path, OLD, NEW)
    assert [run_look(name, tmp_path) for name in (NEW, OLD)] == [look(1), look(0)]
    assert not (tmp_path / FILE).exists()


def test_tabs_at_once_agree(tmp_path: Path) -> None:
    names = [f"quick-digits-20260101-0000{second}" for second in range(10, 30)]
    make(tmp_path, *names)
    seen: dict[str, set[run_colors.Look]] = {name: set() for name in names}

    def tab() -> None:
        for name in names:
            seen[name].add(run_look(name, tmp_path))

    tabs = [threading.Thread(target=tab) for _ in range(6)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    assert [seen[name] for name in names] == [{look(number)} for number in range(20)]

"""The queue: its order, how many train at once, and how long it will all take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from steered import finish, standing_still, step_to, stop, until
from tiny_runs import tiny

from gancore.errors import RunError
from gancore.outlook import Entry, outlook
from gancore.runs import RunManager
from gancore.status import RunState, Status


@pytest.fixture
def one(make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch) -> RunManager:
    """A manager that trains one run at a time; each stands still at first."""
    standing_still(monkeypatch)
    return make_manager(max_running=1)


def test_waiting_runs_start_in_the_order_they_were_moved_to(one: RunManager) -> None:
    first, *others = (one.start(tiny("gan-simple", "2it")) for _ in range(4))
    assert one.waiting() == others
    one.move(others[2].id, 0)
    one.move(others[0].id, 99)
    assert one.waiting() == [others[2], others[1], others[0]]
    stop(others[1])
    assert one.waiting() == [others[2], others[0]]
    for run in (first, others[2], others[0]):
        until(lambda run=run: run.status().state is RunState.PAUSED)
        assert run not in one.waiting()
        finish(run)
    assert one.waiting() == []


def test_what_cannot_be_moved_is_said(one: RunManager) -> None:
    first, second = (one.start(tiny("gan-simple", "2it")) for _ in range(2))
    with pytest.raises(RunError, match=f"run {first.id} does not wait for its turn here; those that do: {second.id}"):
        one.move(first.id, 0)
    with pytest.raises(RunError, match="expected a place in the queue from 0 on, found -1"):
        one.move(second.id, -1)
    stop(second)
    with pytest.raises(RunError, match="those that do: none"):
        one.move(second.id, 0)


def test_raising_how_many_train_at_once_starts_those_that_wait(one: RunManager) -> None:
    runs = [one.start(tiny("gan-simple", "2it")) for _ in range(4)]
    until(lambda: runs[0].status().state is RunState.PAUSED)
    assert (one.max_running, len(one.waiting())) == (1, 3)
    one.max_running = 3
    until(lambda: all(run.status().state is RunState.PAUSED for run in runs[:3]))
    assert one.waiting() == [runs[3]]
    one.max_running = 1
    assert [run.status().state for run in runs[:2]] == ["paused", "paused"], "none is stopped"
    finish(runs[0])
    assert one.waiting() == [runs[3]], "two of the others still train"
    for wrong in (0, 9, 1.5):
        with pytest.raises(RunError, match=f"expected 1 to 8 runs at once, found {wrong}"):
            one.max_running = wrong  # type: ignore[assignment]
    assert one.max_running == 1


def entry(name: str, plan: str, state: str = "queued", preset: str = "gan-simple", **facts: float) -> Entry:
    return Entry(name, tiny(preset, plan), Status.model_validate({"state": state, **facts}))


def test_times_come_from_the_plan_the_run_itself_or_runs_like_it() -> None:
    past = [
        entry("p", "9it", "finished", iteration=100, images_seen=1600, epoch=2.0, elapsed_s=50.0),
        entry("q", "9it", "finished", iteration=100, images_seen=1600, epoch=2.0, elapsed_s=10.0),
        entry("r", "9it", "finished", iteration=100, images_seen=1600, epoch=2.0, elapsed_s=20.0),
        entry("other", "9it", "finished", "wgan", iteration=1, elapsed_s=1000.0),
    ]
    runs = [
        entry("clock", "60s", "running", elapsed_s=45.0, eta_s=3.0),
        entry("live", "100it", "running", elapsed_s=5.0, eta_s=7.0),
        entry("fresh", "100it", "running"),
        entry("time", "30s"),
        entry("iterations", "200it"),
        entry("images", "800img"),
        entry("epochs", "5ep", epoch=1.0),
        entry("over", "9it", "finished", elapsed_s=2.0),
        entry("gone", "60s", "stopped", elapsed_s=2.0),
    ]
    found = outlook(runs, past, 2)
    assert found.left_s == pytest.approx(
        {
            **{"clock": 15, "live": 7, "fresh": 20, "time": 30, "iterations": 40, "images": 10, "epochs": 40},
            **{"over": 0, "gone": 0},
        }
    )
    assert found.done == pytest.approx(54 / (54 + 162))


def test_the_whole_takes_as_long_as_the_places_allow() -> None:
    runs = [
        entry("a", "10s", "running", elapsed_s=4.0),
        entry("b", "3s", "paused"),
        entry("c", "5s"),
        entry("d", "9s"),
    ]
    # Two places: c begins after 3 s, when b ends; d after 6 s, when a does.
    assert outlook(runs, [], 2).all_left_s == 15
    assert outlook(runs, [], 8).all_left_s == 9
    assert outlook(runs, [], 1).all_left_s == 6 + 5 + 9, "both that run already go on"
    assert outlook(runs, [], 2).done == pytest.approx(4 / 27)
    unknown = [*runs, entry("e", "50it")]
    found = outlook(unknown, [entry("p", "9it", "finished", "wgan", iteration=1, elapsed_s=1.0)], 2)
    assert (found.left_s["e"], found.all_left_s, found.done) == (None, None, 0.0)
    half = [entry("e", "50it", "running", progress=0.5), entry("f", "50it", "finished", progress=1.0)]
    assert outlook(half, [], 1).done == 0.75
    assert (outlook([], [], 1).all_left_s, outlook([], [], 1).done) == (0.0, 1.0)


def test_the_manager_looks_at_its_own_runs_and_learns_from_the_disk(one: RunManager) -> None:
    done = finish(one.start(tiny("gan-simple", "4it")))
    first, second = (one.start(tiny("gan-simple", "8it")) for _ in range(2))
    step_to(first, 0)
    found = one.outlook()
    assert list(found.left_s) == [first.id, second.id]
    expected = 8 * done.status().elapsed_s / 4
    assert found.left_s[second.id] == pytest.approx(expected)
    assert found.all_left_s == pytest.approx(2 * expected)
    assert 0 <= found.done < 1

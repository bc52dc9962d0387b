"""Quality while a run trains: what is measured, how often, and that the run does not notice."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from gancore import live_quality
from gancore.config import Length
from gancore.errors import CheckpointError
from gancore.evaluate.collapse import Turn, turns
from gancore.evaluate.plane import measure_points, plane_quality, sliced_wasserstein
from gancore.live_quality import Quality, read_quality
from gancore.points import make_points
from gancore.run import Run
from gancore.runs import RunManager


def finish(run: Run) -> Run:
    assert run.wait(120)
    assert run.status().state == "finished", run.status().message
    return run


def quality_of(run: Run) -> Quality:
    quality = run.quality()
    assert quality is not None
    return quality


@pytest.fixture
def every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit to the time that measuring takes, so that each due measurement not hindered by another is made."""
    monkeypatch.setattr(live_quality, "SHARE", math.inf)


@pytest.mark.usefixtures("every_time")
def test_a_run_is_measured_while_it_trains_and_computes_the_same(make_manager: Callable[..., RunManager]) -> None:
    measured = finish(make_manager("a").start(tiny("gan-deep", "60it", measure_every="5it")))
    alone = finish(make_manager("b").start(tiny("gan-deep", "60it", measure_every=None)))
    quality = quality_of(measured)
    assert alone.quality() is None
    assert quality.facts.extractor.startswith("judge-digits-")
    assert (quality.facts.samples, quality.facts.classes) == (live_quality.SAMPLES, 10)
    assert set(quality.history.names) >= {"iteration", "elapsed_s", "frechet", "modes", "confidence"}
    assert len(quality.history) >= 1
    iterations = quality.history.column("iteration")
    assert all(iterations % 5 == 0), "only at multiples of the interval"
    assert all(np.diff(iterations) > 0)
    losses = [run.history().column("generator_loss") for run in (measured, alone)]
    assert np.array_equal(*losses)
    assert quality_of(make_manager("a").get(measured.id)).history.column("frechet").tolist() == (
        quality.history.column("frechet").tolist()
    ), "from disk as from memory"


def test_measuring_waits_until_it_costs_little(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_quality, "SHARE", 1e-9)
    gave_way: list[None] = []
    monkeypatch.setattr(live_quality, "work_when_idle", lambda: gave_way.append(None))
    run = finish(manager.start(tiny("gan-simple", "2000it", data="ring", measure_every="1it")))
    assert len(quality_of(run).history) == 2, "the second shows what one costs; the next would be due in years"
    assert len(gave_way) == 1, "the first imports, and would hold up every thread of a busy machine"


@pytest.mark.usefixtures("every_time")
def test_points_are_measured_without_an_extractor(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple", "200it", data="ring", measure_every="20it")))
    quality = quality_of(run)
    assert (quality.facts.extractor, quality.facts.samples, quality.facts.classes) == ("", 2500, 8)
    rows, _ = quality.history.since()
    assert all((rows["modes"] >= 0) & (rows["modes"] <= 8) & (rows["high_quality"] <= 1) & (rows["wasserstein"] > 0))


@pytest.mark.usefixtures("every_time")
def test_a_resumed_run_goes_on_with_its_measurements(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple", "100it", data="moons", measure_every="10it")))
    before = quality_of(run).history.column("iteration").tolist()
    again = finish(manager.resume(run.id, Length.parse("200it")))
    after = quality_of(again).history.column("iteration").tolist()
    assert after[: len(before)] == before
    assert after[-1] > 100


def test_damaged_measurements_are_named(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple", "4it")))
    (run.folder.path / "quality.json").write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"quality\.json is damaged"):
        read_quality(run.folder)


@pytest.mark.usefixtures("every_time")
def test_what_cannot_be_measured_does_not_end_a_run(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gancore.evaluate.plane.plane_quality", lambda *_: 1 / 0)
    run = finish(manager.start(tiny("gan-simple", "50it", data="ring", measure_every="1it")))
    assert run.quality() is None
    assert "ZeroDivisionError" in (run.folder.path / "quality-error.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        ([], []),
        ([1, 0, 1], []),
        ([2, 1], [(1, "collapse")]),
        ([3, 9, 10, 6], []),
        ([3, 9, 10, 5, 5, 7, 8, 10], [(3, "collapse"), (6, "recovery")]),
        ([10, 1, 9, 4], [(1, "collapse"), (2, "recovery"), (3, "collapse")]),
    ],
)
def test_collapse_and_recovery_are_found(covered: list[float], expected: list[tuple[int, str]]) -> None:
    assert turns(covered) == [Turn(index, kind) for index, kind in expected]  # type: ignore[arg-type]


def test_the_sliced_distance_of_a_shift_is_known() -> None:
    points = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    assert sliced_wasserstein(points, points) == 0
    # A shift of 3 along x moves each projection by 3 |cos|, whose mean over all directions is 3 * 2 / pi.
    assert sliced_wasserstein(points + torch.tensor([3.0, 0.0]), points) == pytest.approx(6 / math.pi, rel=1e-3)


def test_a_mixtures_own_points_are_of_full_quality() -> None:
    ring = make_points("ring")
    found = plane_quality(ring.points[-2500:], ring)
    assert found["modes"] == 8
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.006), "within 3 sigma in two dimensions"
    assert found["wasserstein"] < 0.05
    assert plane_quality(make_points("moons").points[:100], make_points("moons")).keys() == {"wasserstein"}


@pytest.mark.slow
def test_intervals_of_points_lie_around_known_values() -> None:
    ring = make_points("ring")
    half = ring.points[-5000:][ring.labels[-5000:] < 4]
    far = torch.full((len(half), 2), 9.0)
    found = {m.name: m for m in measure_points(torch.cat([half, far]), ring)}
    assert (found["mixture_modes"].value, found["mixture_modes"].low) == (4, 4)
    # 98.9 % of a normal point in the plane lie within three deviations, and half of these samples lie nowhere.
    assert found["high_quality"].value == pytest.approx((1 - math.exp(-4.5)) / 2, abs=0.005)
    deviation = 0.5 / math.sqrt(2 * len(half))
    assert found["high_quality"].high - found["high_quality"].low == pytest.approx(2 * 1.96 * deviation, rel=0.3)
    same = {m.name: m for m in measure_points(ring.points[:2500], ring)}
    assert (same["wasserstein"].value, same["wasserstein"].low) == (0, 0)

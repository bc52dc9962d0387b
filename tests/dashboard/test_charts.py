"""What a run's own charts show, and the markers of what happened to it."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard import charts
from dashboard.charts import run_markers
from dashboard.curves import X_AXES
from gancore.checkpoint import Gallery
from gancore.history import POSITION, History
from gancore.live_quality import Quality, QualityFacts
from gancore.recipes import configure
from gancore.schedule import Position
from gancore.steering import Change


def measured(modes: list[float]) -> Quality:
    """Covered classes at iterations 10, 20, ..., sixteen images and a fiftieth of a second each."""
    log = History([*POSITION, "modes"])
    iteration = 10 * np.arange(1.0, len(modes) + 1)
    log.append(np.column_stack([iteration, iteration / 100, iteration * 16, iteration / 50, modes]))
    return Quality(facts=QualityFacts(extractor="digits", samples=500, classes=10), history=log)


def gallery(iteration: int, percent: int | None, weights: str | None = "generator.safetensors") -> Gallery:
    return Gallery(
        iteration=iteration,
        epoch=iteration / 100,
        images_seen=iteration * 16,
        elapsed_s=iteration / 50,
        percent=percent,
        image=f"{iteration}.png",
        weights=weights,
    )


def test_milestones_but_the_first_are_marked_on_every_axis() -> None:
    galleries = [gallery(0, 0), gallery(10, 25), gallery(15, None), gallery(20, 50, weights=None)]
    marker, later = run_markers(configure("wgan-lab"), galleries, [], None)
    assert (marker.label, later.label) == ("25 %", "50 %")
    assert set(marker.at) == set(X_AXES)
    assert marker.at == {
        "iteration": 10,
        "epoch": 0.1,
        "images_seen": 160,
        "elapsed_s": 0.2,
        "generator_updates": 10,
        "critic_updates": 50,
    }


def test_a_marker_stands_where_the_players_were_after_the_changes_before_it() -> None:
    held = Change.at(Position(10, 160, 0.2, 0.1), "trains", "both", "discriminator")
    change, milestone = (
        marker.at for marker in reversed(run_markers(configure("gan-lab"), [gallery(30, 50)], [held], None))
    )
    assert (change["generator_updates"], change["critic_updates"]) == (10, 10)
    assert (milestone["generator_updates"], milestone["critic_updates"]) == (10, 30)


def test_what_was_changed_by_hand_is_marked_in_words() -> None:
    rate = Change.at(Position(10, 160, 0.2, 0.1), "learning_rate.generator", 2e-4, 1e-3)
    assert [marker.label for marker in run_markers(configure("gan-lab"), [], [rate], None)] == [
        "G rate 0.0002 → 0.001"
    ]


def test_collapse_and_recovery_are_marked_where_they_were_measured() -> None:
    found = run_markers(configure("gan-lab"), [], [], measured([4, 8, 3, 2, 7]))
    assert [(marker.label, marker.at["iteration"]) for marker in found] == [("collapse", 30), ("recovery", 50)]
    assert run_markers(configure("gan-lab"), [], [], measured([1, 2, 3])) == []


def test_the_last_values_are_means_over_the_last_rows_that_have_one() -> None:
    history = measured([1, 2, 3, float("nan"), 6]).history
    assert charts.last_values(history, ["modes"], 3) == {"modes": pytest.approx(4.5)}
    assert charts.last_values(history, ["modes"]) == {"modes": pytest.approx(3.0)}
    assert charts.last_values(History([*POSITION, "modes"]), ["modes"]) == {}

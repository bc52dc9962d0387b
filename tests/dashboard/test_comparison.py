"""What the Compare and Runs pages show, computed without a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from tiny_runs import tiny

from dashboard import comparison
from dashboard.comparison import CRITIC, DISCRIMINATOR, GENERATOR, Compared, Quantity
from dashboard.palette import RUN_COLORS
from dashboard.run_facts import longer_plan, run_table, settings_of, value_text
from gancore.checkpoint import Gallery
from gancore.config import Length
from gancore.history import POSITION, History
from gancore.recipes import configure
from gancore.runs import RunManager
from gancore.status import RunState, Status

GAN_LOSSES = ("generator_loss", "discriminator_loss", "d_real", "d_fake")
WGAN_LOSSES = ("generator_loss", "critic_loss")


def history(columns: Sequence[str], rows: int = 100) -> History:
    """Row i holds iteration i + 1, epoch (i + 1) / 10 and, in the n-th column of ``columns``, n + i."""
    log = History([*POSITION, *columns])
    i = np.arange(rows, dtype=np.float64)
    position = [i + 1, (i + 1) / 10, (i + 1) * 16, (i + 1) / 50]
    log.append(np.column_stack([*position, *(n + i for n in range(len(columns)))]))
    return log


def gallery(iteration: int, percent: int | None) -> Gallery:
    return Gallery(
        iteration=iteration, epoch=0, images_seen=0, elapsed_s=0, percent=percent, image=f"{iteration}.png"
    )


def compared(
    name: str,
    columns: Sequence[str] = GAN_LOSSES,
    *,
    status: Status | None = None,
    galleries: Sequence[Gallery] = (),
    rows: int = 100,
) -> Compared:
    log = history(columns, rows)
    return Compared(f"{name}-id", name, RUN_COLORS[0], configure("gan-lab"), status or Status(), log, galleries)


GAN = compared("gan")
WGAN = compared("wgan", WGAN_LOSSES)


def test_a_name_is_the_least_that_tells_runs_apart() -> None:
    lab = configure("gan-lab")
    assert comparison.short_names({"a": lab, "b": configure("dcgan")}) == {"a": "gan-lab", "b": "dcgan"}
    assert comparison.short_names({"a": lab, "b": configure("gan-lab", seed=3), "c": configure("dcgan")}) == {
        "a": "gan-lab · seed 0",
        "b": "gan-lab · seed 3",
        "c": "dcgan",
    }
    by_data = comparison.short_names({"a": lab, "b": configure("gan-lab", data="/pictures/cats", seed=1)})
    assert by_data == {"a": "gan-lab · digits", "b": "gan-lab · cats"}
    equal = comparison.short_names({"gan-lab-digits-1": lab, "gan-lab-digits-2": lab})
    assert equal == {"gan-lab-digits-1": "gan-lab · digits-1", "gan-lab-digits-2": "gan-lab · digits-2"}


def test_names_are_never_shared() -> None:
    configs = {
        f"gan-lab-{index}": configure("gan-lab", seed=seed, plan=plan, data=data)
        for index, (seed, plan, data) in enumerate(
            [
                (0, "1ep", "digits"),
                (0, "2ep", "digits"),
                (1, "1ep", "digits"),
                (0, "1ep", "mnist"),
                (0, "1ep", "digits"),
            ]
        )
    }
    assert len(set(comparison.short_names(configs).values())) == len(configs)


def test_a_run_keeps_its_colour_while_others_come_and_go() -> None:
    first = comparison.assign_colors(["a", "b", "c"], {})
    assert list(first.values()) == list(RUN_COLORS[:3])
    assert comparison.assign_colors(["c", "d", "b"], first) == {
        "c": RUN_COLORS[2],
        "d": RUN_COLORS[0],
        "b": RUN_COLORS[1],
    }
    many = comparison.assign_colors([str(index) for index in range(comparison.MOST_RUNS)], first)
    assert sorted(many.values()) == sorted(RUN_COLORS)


def test_a_critic_has_a_chart_of_its_own_and_probabilities_only_where_there_are_some() -> None:
    assert comparison.quantities([WGAN]) == [GENERATOR, CRITIC]
    assert [q.column for q in comparison.quantities([WGAN, GAN])] == [
        "generator_loss",
        "discriminator_loss",
        "critic_loss",
        "d_real",
        "d_fake",
    ]


@pytest.mark.parametrize(
    ("quantity", "runs", "noted"),
    [
        (CRITIC, [WGAN], True),
        (CRITIC, [WGAN, GAN], True),
        (GENERATOR, [WGAN, GAN], True),
        (GENERATOR, [GAN], False),
        (GENERATOR, [WGAN], False),
        (DISCRIMINATOR, [WGAN, GAN], False),
    ],
)
def test_a_chart_says_where_scales_do_not_meet(quantity: Quantity, runs: list[Compared], noted: bool) -> None:
    assert bool(comparison.scale_note(quantity, runs)) is noted


def test_one_trace_for_each_run_that_logs_the_quantity() -> None:
    lines = comparison.traces([GAN, WGAN], DISCRIMINATOR, "epoch")
    assert [(line.name, line.color, line.legend_group) for line in lines] == [("gan", RUN_COLORS[0], "gan-id")]
    np.testing.assert_allclose(lines[0].x[:2], [0.1, 0.2])
    np.testing.assert_allclose(lines[0].y[:2], [1.0, 2.0])
    assert [line.name for line in comparison.traces([GAN, WGAN], GENERATOR, "iteration")] == ["gan", "wgan"]


def test_milestones() -> None:
    galleries = [gallery(0, 0), gallery(5, None), gallery(10, 25), gallery(20, 50), gallery(25, 62)]
    found = comparison.milestone(galleries, 50)
    assert found is not None
    assert found.iteration == 20
    assert comparison.milestone(galleries, 75) is None
    early = compared("early", galleries=galleries[:3])
    assert comparison.latest_shared([early, compared("late", galleries=galleries)]) == 25
    assert comparison.latest_shared([early, GAN]) == 0


def test_only_settings_that_differ_are_listed() -> None:
    table = comparison.differing_settings(
        {"one": configure("gan-lab", plan="8it"), "two": configure("gan-lab", plan="8it", seed=2, learning_rate=1e-3)}
    )
    assert table.to_dict("index") == {
        "Seed": {"one": "0", "two": "2"},
        "Learning rate": {"one": "0.0002", "two": "0.001"},
    }
    assert comparison.differing_settings({"one": configure("gan-lab"), "two": configure("gan-lab")}).empty
    assert comparison.differing_settings({"one": configure("gan-lab")}).empty


def test_a_setting_that_a_recipe_lacks_is_a_dash() -> None:
    table = comparison.differing_settings({"g": configure("gan-lab"), "w": configure("wgan-lab")})
    assert list(table.loc["Critic steps"]) == ["—", "5"]
    assert list(table.loc["Generator widths"]) == ["256, 256", "—"]
    assert list(table.loc["Preset"]) == ["gan-lab", "wgan-lab"]


def test_the_state_table_has_means_of_the_last_fifty_losses() -> None:
    live = Status(
        state=RunState.RUNNING, iteration=100, epoch=10.0, elapsed_s=2.4, iterations_per_s=12.5, progress=0.5
    )
    ended = Status(state=RunState.FINISHED, iteration=100, elapsed_s=5.0)
    table = comparison.standing(
        [compared("gan", status=live), compared("wgan", WGAN_LOSSES, status=ended), compared("new", rows=0)]
    )
    assert list(table.index) == ["gan", "wgan", "new"]
    assert list(table["State"]) == ["running", "finished", "queued"]
    assert table.loc["gan", "Generator loss"] == pytest.approx(np.arange(50, 100).mean())
    assert table.loc["gan", "Discriminator loss"] == pytest.approx(1 + np.arange(50, 100).mean())
    assert pd.isna(table.loc["gan", "Critic loss"])
    assert pd.isna(table.loc["new", "Generator loss"])
    assert table.loc["gan", "it/s"] == 12.5
    assert table.loc["wgan", "it/s"] == 20.0
    assert pd.isna(table.loc["new", "it/s"])
    assert table.loc["gan", "Elapsed"] == pd.Timedelta(seconds=2)
    assert not any(title.startswith("D(") for title in table.columns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+5ep", Length(15, "ep")),
        ("5", Length(15, "ep")),
        (" +1.5ep ", Length(11.5, "ep")),
        ("200it", Length(350, "it")),
        ("+16img", Length(2416, "img")),
        ("1min", Length(67.25, "s")),
    ],
)
def test_training_longer_adds_to_what_was_trained(text: str, expected: Length) -> None:
    status = Status(state=RunState.FINISHED, iteration=150, epoch=10.0, images_seen=2400, elapsed_s=7.25)
    assert longer_plan(status, text) == expected


@pytest.mark.parametrize("text", ["", "+", "soon", "-5ep", "0ep", "5 miles", "1.5it", "++5ep"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a|unknown unit"):
        longer_plan(Status(), text)


def test_settings_in_words() -> None:
    settings = {setting.name: setting for setting in settings_of(configure("gan-deep", plan="1ep"))}
    assert settings["plan"].text == "1 epoch"
    assert (settings["preset"].title, settings["preset"].text) == ("Preset", "gan-deep")
    assert settings["settings.generator_widths"].text == "128, 256, 512, 1024"
    assert settings["image_size"].text == "none"
    assert value_text(True) == "yes"
    assert value_text(5e-5) == "5e-05"


def test_the_table_of_runs_is_newest_first_and_knows_ids(manager: RunManager) -> None:
    for preset in ("gan-lab", "wgan-lab"):
        run = manager.start(tiny(preset, plan="4it", seed=7))
        assert run.wait(60)
    runs = manager.runs()
    table = run_table(runs)
    assert list(table.index) == [run.id for run in runs]
    row = table.loc[run.id]
    assert row[["State", "Progress", "Preset", "Data", "Plan", "Seed", "Iterations"]].tolist() == [
        ["finished"],
        100,
        "wgan-lab",
        "digits",
        "4 iterations",
        7,
        4,
    ]
    assert row["Started"].year >= 2024
    assert run_table([]).empty

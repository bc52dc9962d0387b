"""What the Compare and Runs pages show, computed without a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_runs import tiny

from dashboard import comparison
from dashboard.charts import HALF
from dashboard.comparison import UNBOUNDED, Compared
from dashboard.curves import Fork, Line, Panel, RunLabel
from dashboard.parallel import MOST_AXES, coordinates, parallel_figure
from dashboard.quantities import QUANTITIES
from dashboard.run_colors import look
from dashboard.run_facts import longer_plan, run_table
from gancore.checkpoint import RunFolder
from gancore.config import Length
from gancore.files import write_json
from gancore.history import HISTORY_FILE, POSITION, SIGNALS_FILE, History, write_history
from gancore.recipes import configure, recipe_of
from gancore.run import Run
from gancore.run_words import settings_of, short_names, value_text
from gancore.runs import RunManager
from gancore.signals import SIGNAL_NAMES
from gancore.status import Parent, RunState, Status

ROWS = 100
Make = Callable[..., Compared]


def log_of(columns: Sequence[str], rows: int) -> History:
    """Row i holds iteration i + 1 and, in the n-th column, n + i."""
    log = History([*POSITION, *columns])
    i = np.arange(rows, dtype=np.float64)
    position = [i + 1, (i + 1) / 10, (i + 1) * 16, (i + 1) / 50]
    log.append(np.column_stack([*position, *(n + i for n in range(len(columns)))]))
    return log


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that stores a run of a preset, as if it had been trained, and reads it back to be compared."""

    def made(
        preset: str, name: str = "", *, rows: int = ROWS, status: Status | None = None, **config: object
    ) -> Compared:
        folder = RunFolder.create(tmp_path, configure(preset, **config))
        series = [each.name for each in recipe_of(preset).series]
        write_history(log_of(series, rows), folder.path / HISTORY_FILE)
        folder.write_status(status or Status(state=RunState.FINISHED, iteration=rows))
        number = len(list(tmp_path.iterdir())) - 1
        return Compared.read(Run(folder), name or preset, look(number))

    return made


def with_signals(run: Compared) -> Compared:
    write_history(log_of(SIGNAL_NAMES, 5), run.run.folder.path / SIGNALS_FILE)
    return run


def with_quality(run: Compared, *columns: str) -> Compared:
    write_history(log_of(columns, 3), run.run.folder.path / "quality.arrow")
    facts = {"extractor": "digits", "samples": 500, "classes": 10}
    write_json(run.run.folder.path / "quality.json", facts)
    return run


def test_a_name_is_the_least_that_tells_runs_apart() -> None:
    lab = configure("gan-lab")
    assert short_names({"a": lab, "b": configure("dcgan")}) == {"a": "gan-lab", "b": "dcgan"}
    assert short_names({"a": lab, "b": configure("gan-lab", seed=3), "c": configure("dcgan")}) == {
        "a": "gan-lab · seed 0",
        "b": "gan-lab · seed 3",
        "c": "dcgan",
    }
    by_data = short_names({"a": lab, "b": configure("gan-lab", data="/pictures/cats", seed=1)})
    assert by_data == {"a": "gan-lab · digits", "b": "gan-lab · cats"}
    equal = short_names({"gan-lab-digits-1": lab, "gan-lab-digits-2": lab})
    assert equal == {"gan-lab-digits-1": "gan-lab · digits-1", "gan-lab-digits-2": "gan-lab · digits-2"}


def test_a_given_name_goes_before_the_preset() -> None:
    configs = {"a": configure("gan-lab"), "b": configure("gan-lab", seed=3), "c": configure("dcgan")}
    assert short_names(configs, {"a": "Baseline"}) == {"a": "Baseline", "b": "gan-lab", "c": "dcgan"}
    alike = short_names(configs, dict.fromkeys(configs, "Mine"))
    assert alike == {"a": "Mine · gan-lab · seed 0", "b": "Mine · gan-lab · seed 3", "c": "Mine · dcgan"}
    taken = short_names(configs, {"c": "gan-lab · seed 3"})
    assert len(set(taken.values())) == 3


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
    assert len(set(short_names(configs).values())) == len(configs)


def test_a_panel_for_each_number_and_a_line_for_each_run_that_has_it(make: Make) -> None:
    gan, wgan = make("gan-lab"), make("wgan-lab")
    losses = comparison.panels([gan, wgan], ["Losses"])
    assert [(panel.key, [line.name for line in panel.lines]) for panel in losses] == [
        ("generator_loss", ["gan-lab", "wgan-lab"]),
        ("discriminator_loss", ["gan-lab"]),
        ("critic_loss", ["wgan-lab"]),
    ]
    assert losses[0].lines[1] == Line(
        wgan.id, "generator_loss", "wgan-lab", look(1).color, "losses", look(1).dash, family="wgan-lab"
    )
    assert all(panel.log == "chosen" and panel.range is None for panel in losses)
    assert comparison.panels([gan, wgan], []) == []


def test_groups_come_in_their_own_order_and_only_with_what_was_logged(make: Make) -> None:
    gan, wgan = make("gan-lab"), with_signals(make("wgan-lab"))
    keys = [panel.key for panel in comparison.panels([gan, wgan], ["Updates", "Discriminator"])]
    assert keys == ["d_real", "d_fake", "d_accuracy", "real_score", "fake_score", "d_update", "g_update"]
    assert comparison.panels([gan], ["Updates", "Quality"]) == []
    gan = replace(with_quality(gan, "frechet", "modes"))  # as the page's next run reads it
    quality = comparison.panels([gan, wgan], ["Quality"])
    assert [(panel.key, panel.lines[0].run) for panel in quality] == [
        ("spread", wgan.id),
        ("outside", wgan.id),
        ("frechet", gan.id),
        ("modes", gan.id),
    ]
    assert {line.source for panel in quality[2:] for line in panel.lines} == {"quality"}


def test_probabilities_have_their_range_and_gradients_a_logarithmic_axis(make: Make) -> None:
    found = {p.key: p for p in comparison.panels([with_signals(make("gan-lab"))], ["Discriminator", "Gradients"])}
    assert (found["d_real"].range, found["d_real"].levels, found["d_real"].log) == ((0.0, 1.0), HALF, "never")
    assert found["d_accuracy"].levels == HALF
    assert (found["real_score"].range, found["real_score"].levels) == (None, ())
    assert found["g_gradient"].log == "always"


def levels(panels: Sequence[Panel]) -> dict[str, list[str]]:
    return {panel.key: [label for _, label in panel.levels] for panel in panels}


def test_levels_of_theory_unless_there_are_too_many_to_read(make: Make) -> None:
    gan, minimax, least_squares, relativistic = (make(name) for name in ("gan-lab", "minimax", "lsgan", "r3gan"))
    assert levels(comparison.panels([gan], ["Losses"])) == {
        "generator_loss": ["log 2"],
        "discriminator_loss": ["log 4"],
    }
    two = levels(comparison.panels([gan, minimax], ["Losses"]))
    assert two == {"generator_loss": ["−log 2", "log 2"], "discriminator_loss": ["log 4"]}
    three = levels(comparison.panels([gan, minimax, least_squares], ["Losses"]))
    assert three["generator_loss"] == ["−log 2", "1/8", "log 2"]
    hinge = make("sngan")
    four = levels(comparison.panels([gan, least_squares, relativistic, hinge], ["Losses"]))
    assert four["discriminator_loss"] == []
    assert levels(comparison.panels([make("wgan-lab")], ["Losses"]))["critic_loss"] == []


@pytest.mark.parametrize(
    ("column", "presets", "noted"),
    [
        ("critic_loss", ["wgan-lab"], True),
        ("critic_loss", ["wgan-lab", "gan-lab"], True),
        ("generator_loss", ["wgan-lab", "gan-lab"], True),
        ("generator_loss", ["gan-lab"], False),
        ("generator_loss", ["wgan-lab"], False),
        ("discriminator_loss", ["wgan-lab", "gan-lab"], False),
    ],
)
def test_a_chart_says_where_scales_do_not_meet(make: Make, column: str, presets: list[str], noted: bool) -> None:
    runs = [make(preset) for preset in presets]
    found = next(panel for panel in comparison.panels(runs, ["Losses"]) if panel.key == column)
    assert found.note == (UNBOUNDED if noted else "")
    quantity = next(quantity for quantity in QUANTITIES if quantity.column == column)
    assert bool(comparison.scale_note(quantity, runs)) is noted


def test_the_legend_is_the_runs_names_and_looks(make: Make) -> None:
    runs = [make("gan-lab", "one"), make("gan-lab", "two")]
    assert comparison.labels(runs) == [
        RunLabel(runs[0].id, "one", look(0).color, look(0).dash),
        RunLabel(runs[1].id, "two", look(1).color, look(1).dash),
    ]


def test_forks_are_where_branches_left(make: Make) -> None:
    parent, branch = make("gan-lab"), make("gan-lab", seed=2)
    branch.run.folder.write_parent(Parent(run=parent.id, iteration=40, percent=50))
    assert comparison.forks([parent, branch]) == [Fork(branch.id, parent.id, 40)]
    assert comparison.forks([branch]) == [Fork(branch.id, parent.id, 40)]
    assert comparison.forks([parent]) == []


def test_seed_groups_differ_by_seed_alone(make: Make) -> None:
    one, two, other, alone = (
        make("gan-lab"),
        make("gan-lab", seed=2),
        make("gan-lab", seed=3, learning_rate=1e-3),
        make("dcgan"),
    )
    assert comparison.seed_groups([one, other, two, alone]) == [[one.id, two.id]]
    assert comparison.seed_groups([one, other, alone]) == []


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


def test_results_have_means_of_the_last_fifty_losses(make: Make) -> None:
    live = Status(
        state=RunState.STOPPED, iteration=100, epoch=10.0, images_seen=1600, elapsed_s=2.4, iterations_per_s=12.5
    )
    ended = Status(state=RunState.FINISHED, iteration=100, elapsed_s=5.0)
    runs = [
        make("gan-lab", "gan", status=live),
        make("wgan-lab", "wgan", status=ended),
        make("gan-lab", "new", rows=0, status=Status()),
    ]
    table = comparison.results(runs)
    assert list(table.index) == ["gan", "wgan", "new"]
    assert list(table["State"]) == ["stopped", "finished", "interrupted"]
    assert table.loc["gan", "Generator loss"] == pytest.approx(np.arange(50, 100).mean())
    assert table.loc["gan", "Discriminator loss"] == pytest.approx(1 + np.arange(50, 100).mean())
    assert table.loc["wgan", "Critic loss"] == pytest.approx(1 + np.arange(50, 100).mean())
    assert pd.isna(table.loc["gan", "Critic loss"])
    assert pd.isna(table.loc["new", "Generator loss"])
    assert table.loc["gan", "it/s"] == 12.5
    assert table.loc["wgan", "it/s"] == 20.0
    assert pd.isna(table.loc["new", "it/s"])
    assert table.loc["gan", "Images seen"] == 1600
    assert table.loc["gan", "Elapsed"] == pd.Timedelta(seconds=2)
    assert not any(title.startswith("D(") or "Fréchet" in title for title in table.columns)


def test_results_have_the_last_live_measurement(make: Make) -> None:
    table = comparison.results([with_quality(make("gan-lab", "gan"), "frechet", "modes"), make("wgan-lab", "wgan")])
    assert table.loc["gan", "Fréchet distance, live"] == 2.0
    assert table.loc["gan", "Classes or modes covered, live"] == 3.0
    assert pd.isna(table.loc["wgan", "Fréchet distance, live"])
    assert not any("evaluated" in title for title in table.columns)


def test_coordinates_are_what_differs_and_what_came_of_it(make: Make) -> None:
    runs = [make("gan-lab", "slow", rows=60), make("gan-lab", "fast", seed=2, learning_rate=1e-2)]
    table = coordinates(runs, comparison.results(runs))
    assert list(table.index) == ["slow", "fast"]
    assert table["Seed"].tolist() == [0, 2]
    assert table["Learning rate"].tolist() == [2e-4, 1e-2]
    assert table["Iteration"].tolist() == [60, 100]
    assert "Preset" not in table
    assert "State" not in table
    far = [make("gan-lab", "gan"), make("wgan-gp", "wgan", plan="9it", seed=5, batch_size=7, data="mnist")]
    assert coordinates(far, comparison.results(far)).shape == (2, MOST_AXES)


def test_coordinates_keep_the_numbers_and_do_not_mix_them_up_with_settings(make: Make) -> None:
    runs = [make("gan-lab", "gan", rows=60), make("wgan-lab", "wgan"), make("gan-lab", "mean", rows=80)]
    numbers = pd.DataFrame(
        {"Discriminator loss": [1.5, None, 2.5], "Preset": [7.0, 8.0, 9.0]}, index=["gan", "wgan", "mean"]
    )
    table = coordinates(runs, numbers)
    assert table["Preset"].tolist() == ["gan-lab", "wgan-lab", "gan-lab"]
    assert table["Preset, last"].tolist() == [7, 8, 9]
    assert list(table)[-1] == "Preset, last"
    assert table.shape[1] <= MOST_AXES


def test_a_run_without_a_number_has_a_place_below_the_others(make: Make) -> None:
    runs = [make("gan-lab", "one"), make("gan-lab", "two"), make("wgan-lab", "three")]
    table = pd.DataFrame({"Loss": [1.0, 2.0, None], "Rate": [None, 1e-5, 1e-2]}, index=[run.name for run in runs])
    _, loss, rate = parallel_figure(runs, table).data[0].dimensions
    assert list(loss.values) == pytest.approx([1, 2, 0.8])
    assert (loss.tickvals[0], loss.ticktext[0], loss.ticktext[-1]) == (pytest.approx(0.8), comparison.NO_VALUE, "2")
    assert list(rate.values) == pytest.approx([-5.6, -5, -2])
    assert list(rate.ticktext) == [comparison.NO_VALUE, "1e-05", "0.01"]


def test_parallel_axes_are_linear_logarithmic_or_words(make: Make) -> None:
    runs = [make("gan-lab", "one"), make("gan-lab", "two"), make("wgan-lab", "three")]
    table = pd.DataFrame(
        {"Seed": [0, 1, 3], "Rate": [1e-5, 1e-2, 1e-2], "Preset": ["gan-lab", "gan-lab", "wgan-lab"]},
        index=[run.name for run in runs],
    )
    drawn = parallel_figure(runs, table).data[0]
    axes = {axis.label: axis for axis in drawn.dimensions}
    assert list(axes) == ["Run", "Seed", "Rate", "Preset"]
    assert list(axes["Run"].ticktext) == ["one", "two", "three"]
    assert list(axes["Seed"].values) == [0, 1, 3]
    assert list(axes["Rate"].values) == pytest.approx([-5, -2, -2])
    assert list(axes["Rate"].ticktext) == ["1e-05", "0.01"]
    assert (list(axes["Preset"].values), list(axes["Preset"].ticktext)) == ([0, 0, 1], ["gan-lab", "wgan-lab"])
    assert [color for _, color in drawn.line.colorscale] == [run.look.color for run in runs]


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

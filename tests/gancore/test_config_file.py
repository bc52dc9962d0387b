"""A configuration as a file: trained again it gives the same losses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import tiny
from typer.testing import CliRunner

from gancore.cli import app
from gancore.config_file import config_file, configured_by, train_command
from gancore.errors import ConfigError
from gancore.export import export
from gancore.recipes import PRESETS, configure
from gancore.run import Run
from gancore.runs import RunManager

TOML = """
preset = "wgan"
plan = "7it"
measure_every = "none"
seed = 3

[settings]
clip = 0.02
"""


@pytest.fixture
def run(manager: RunManager) -> Run:
    run = manager.start(tiny("quick", "6it", seed=5, rate_decay="none", augment="translation"))
    assert run.wait(60)
    return run


def losses(run: Run) -> np.ndarray:
    history = run.history()
    return np.stack([history.column(name) for name in history.names if name != "elapsed_s"])


def trained_again(folder: Path, *arguments: str) -> Run:
    done = CliRunner().invoke(app, ["train", *arguments, "--runs", str(folder)])
    assert done.exit_code == 0, done.stderr
    return RunManager(folder).get(done.stdout.strip())


def test_the_exported_configuration_trains_to_the_same_losses_bit_for_bit(run: Run, tmp_path: Path) -> None:
    file = export(run, "config", tmp_path / "again.json")
    again = trained_again(tmp_path / "again", "--config", str(file))
    assert again.config == run.config
    assert np.array_equal(losses(again), losses(run))


def test_the_command_without_the_file_does_too(run: Run, tmp_path: Path) -> None:
    words = train_command(run.config)
    assert words[:2] == ["gancore", "train"]
    again = trained_again(tmp_path / "again", *shlex.split(shlex.join(words))[2:])
    assert again.config == run.config
    assert np.array_equal(losses(again), losses(run))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_command_names_what_differs_from_the_preset_and_nothing_else(preset: str) -> None:
    plain = configure(preset, data="digits", plan="3ep", seed=9)
    assert "--set" not in train_command(plain)
    other = configure(preset, learning_rate=0.5, sample_every="3it", measure_every=None, precision="bfloat16")
    given = [word for word in train_command(other) if "=" in word]
    assert given == ["precision=bfloat16", "sample_every=3it", "measure_every=none", "learning_rate=0.5"]


def test_options_beside_a_file_go_before_it(tmp_path: Path) -> None:
    file = tmp_path / "wgan.toml"
    file.write_text(TOML)
    config = configured_by(file, {})
    assert (config.preset, str(config.plan), config.seed, config.measure_every) == ("wgan", "7it", 3, None)
    assert config.settings.clip == 0.02
    assert config.settings.batch_size == configure("wgan").settings.batch_size, "the preset's, as the file is silent"
    changed = configured_by(file, {"seed": 4, "clip": 0.05})
    assert (changed.seed, changed.settings.clip, str(changed.plan)) == (4, 0.05, "7it")


def test_the_precision_that_a_run_had_takes_the_place_of_auto(run: Run) -> None:
    resolved = run.folder.read_resolved()
    assert resolved is not None
    auto = run.config.model_copy(update={"precision": "auto"})
    assert json.loads(config_file(auto, resolved))["precision"] == "float32"
    assert json.loads(config_file(auto, None))["precision"] == "auto"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.yaml", "preset: wgan", "expected a file that ends in .json or .toml"),
        ("a.json", "{", "is damaged"),
        ("a.toml", "preset = ", "is damaged"),
        ("a.json", "[1]", "expected the settings of a run by their names"),
        ("a.json", '{"preset": "wgan", "settings": 3}', "expected the settings of a run by their names"),
        ("a.json", '{"seed": 1}', "names no preset; expected one of quick, "),
        ("a.json", '{"preset": "gann"}', "there is no preset 'gann'; choose one of "),
        ("a.json", '{"preset": "wgan", "sed": 1}', "sed: is not a setting (settings of wgan: data, plan, seed, "),
        ("a.toml", 'preset = "wgan"\nseed = -1', "seed: expected at least 0"),
        ("a.json", '{"preset": "wgan", "seed": 1, "settings": {"seed": 2}}', "seed stands in it twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        configured_by(tmp_path / name, {})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--config", "gone.json"], "gone.json cannot be read: No such file"),
        (["--config", "gone.json", "--preset", "wgan"], "give either --preset or --config"),
    ],
)
def test_bad_options_end_with_status_2(
    gancore: Callable[..., tuple[int, str, str]], arguments: list[str], sentence: str
) -> None:
    status, _out, err = gancore("train", *arguments)
    assert status == 2
    assert sentence in err

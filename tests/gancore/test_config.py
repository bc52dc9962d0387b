"""Configurations: lengths, limits, and all problems in one sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gancore import sources
from gancore.config import Length
from gancore.errors import ConfigError
from gancore.recipes import PRESETS, configure, load_config, recipe_of


@pytest.mark.parametrize(
    ("text", "amount", "unit", "words"),
    [
        ("3ep", 3, "ep", "3 epochs"), ("1", 1, "ep", "1 epoch"), ("0.5 epochs", 0.5, "ep", "0.5 epochs"),
        ("20000it", 20000, "it", "20,000 iterations"), ("600000img", 600000, "img", "600,000 images"),
        ("60s", 60, "s", "60 seconds"), ("2min", 120, "s", "120 seconds"), ("1.5h", 5400, "s", "5,400 seconds"),
        ("1e3 IT", 1000, "it", "1,000 iterations"), ("1234567it", 1234567, "it", "1,234,567 iterations"),
    ],
)  # fmt: skip
def test_lengths_are_read(text: str, amount: float, unit: str, words: str) -> None:
    length = Length.parse(text)
    assert (length.amount, length.unit, length.describe()) == (amount, unit, words)


@pytest.mark.parametrize("text", ["", "ep", "-3ep", "0ep", "3 bananas", "1.5it", "0.1img", "nan", "inf", "1e999s"])
def test_bad_lengths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|unknown unit"):
        Length.parse(text)


@given(
    st.one_of(
        st.tuples(st.floats(1e-6, 1e9), st.sampled_from(["ep", "s"])),
        st.tuples(st.integers(1, 10**12), st.sampled_from(["it", "img"])),
    )
)
def test_lengths_survive_being_written(length: tuple[float, str]) -> None:
    amount, unit = length
    written = str(Length(amount, unit))  # type: ignore[arg-type]
    again = Length.parse(written)
    assert again.unit == unit
    assert again.amount == pytest.approx(amount, rel=1e-11)
    assert str(again) == written


def test_configurations_survive_json(preset: str) -> None:
    config = configure(preset, data="mnist", seed=7)
    assert load_config(json.loads(json.dumps(config.model_dump(mode="json")))) == config
    assert type(config.settings) is recipe_of(preset).settings


def test_all_problems_at_once_with_the_valid_names() -> None:
    with pytest.raises(ConfigError) as caught:
        configure("dcgan", batch_size=0, seed=-1, plan="3 bananas", generator_channels=7, colour="red", device="tpu")
    assert set(caught.value.fields) == {"batch_size", "seed", "plan", "generator_channels", "colour", "device"}
    message = str(caught.value)
    assert "batch_size: expected at least 2, found 0" in message
    assert "generator_channels: expected a multiple of 2, found 7" in message
    assert "colour: is not a setting" in message
    assert "discriminator_slope" in message.split("settings of dcgan:")[1]
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("learning_rate", "fast", "expected a valid number"),
        ("learning_rate", float("nan"), "expected"),
        ("learning_rate", 0, "expected greater than 0"),
        ("generator_widths", "256, x", "expected a valid integer"),
        ("generator_widths", "", "at least 1 item"),
        ("data_range", "[0, 255]", "expected '[-1, 1]' or '[0, 1]'"),
        ("image_size", 30, "expected a multiple of 4"),
        ("image_size", 12, "expected at least 16"),
        ("channels", "cmyk", "expected 'auto', 'grey' or 'rgb'"),
        ("data", "", "at least 1 character"),
        ("sample_every", "often", "expected a length"),
    ],
)
def test_each_limit_is_told(name: str, value: object, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure("gan-simple", **{name: value})
    assert problem in caught.value.fields[name]


def test_text_is_read_as_the_command_line_gives_it() -> None:
    config = configure("gan-deep", batch_size="32", generator_widths="8 16,24", batchnorm_eps=None, sample_every=None)
    assert config.settings.model_dump()["generator_widths"] == (8, 16, 24)
    assert config.settings.batch_size == 32
    assert config.settings.model_dump()["batchnorm_eps"] is None


def test_unknown_presets_are_listed() -> None:
    with pytest.raises(
        ConfigError, match="there is no preset 'gan'; choose one of quick, best, gan-simple, gan-deep"
    ):
        configure("gan")
    with pytest.raises(ConfigError, match="there is no preset 'None'"):
        load_config({})


def test_few_images_change_what_a_preset_asks_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = PRESETS["quick"].few
    assert {name: getattr(configure("quick").settings, name) for name in few} == few  # the digits
    plenty = configure("quick", data="mnist").settings
    assert all(getattr(plenty, name) != value for name, value in few.items())
    assert configure("quick", batch_size=100).settings.batch_size == 100

    for name in ("a.png", "b/c.jpg", ".hidden/d.png", "e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(sources, "FEW", 3)
    assert configure("quick", data=str(tmp_path)).settings.batch_size == few["batch_size"]
    monkeypatch.setattr(sources, "FEW", 2)
    assert configure("quick", data=str(tmp_path)).settings.batch_size == plenty.batch_size
    assert configure("quick", data=str(tmp_path / "missing")).settings.batch_size == plenty.batch_size

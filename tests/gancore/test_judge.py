"""Judges: the shipped ones, training one, and how they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from typer.testing import CliRunner

from gancore.data import load_images
from gancore.errors import DataError
from gancore.evaluate.judge import FEATURES, SHIPPED, JudgeNetwork, find_judge, judge_file, judge_name, load_judge
from gancore.evaluate.judge_training import accuracy_of, default_epochs, train_judge
from gancore.networks import ImageShape

GREY_28 = ImageShape(1, 28, 28)


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for downloads and judges."""
    folder = tmp_path / "data"
    monkeypatch.setenv("GANCORE_DATA", str(folder))
    return folder


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    """A folder of 40 pictures: dark ones and bright ones."""
    draw = torch.Generator().manual_seed(0)
    for name, base in (("dark", 20), ("bright", 200)):
        (tmp_path / "shades" / name).mkdir(parents=True)
        for number in range(20):
            pixels = (base + torch.randint(0, 40, (16, 16), generator=draw)).to(torch.uint8).numpy()
            Image.fromarray(pixels, "L").save(tmp_path / "shades" / name / f"{number}.png")
    return tmp_path / "shades"


@pytest.mark.usefixtures("mnist")
def test_the_shipped_mnist_judge_is_right_on_99_3_percent_of_the_official_test_set() -> None:
    judge = load_judge(SHIPPED / "mnist.safetensors")
    test = load_images("mnist", split="test")
    accuracy = accuracy_of(judge, test)
    assert accuracy >= 0.993
    assert accuracy == pytest.approx(judge.facts.test_accuracy, abs=5e-4)
    assert judge.facts.test_images == len(test.images) == 10_000


def test_the_shipped_digits_judge_is_as_accurate_as_its_header_says() -> None:
    judge = load_judge(SHIPPED / "digits.safetensors")
    test = load_images("digits", split="test")
    assert accuracy_of(judge, test) == pytest.approx(judge.facts.test_accuracy, abs=5e-3)
    assert judge.facts.test_accuracy >= 0.98
    assert judge.facts.test_images == len(test.images) == 359


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.safetensors")), ids=lambda file: file.stem)
def test_a_shipped_judges_header_says_where_it_comes_from_and_no_more(file: Path) -> None:
    with safe_open(file, framework="pt") as opened:
        header = {name: json.loads(value) for name, value in opened.metadata().items()}
    assert set(header) == {
        *("data", "classes", "shape", "test_accuracy", "test_images"),
        *("epochs", "seed", "torch_version", "command"),
    }
    assert (
        header["command"] == f"gancore judge --data {file.stem} --epochs {header['epochs']} --seed {header['seed']}"
    )
    assert file.stat().st_size < 1e6


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 20, 20), (1, 28, 28), (3, 32, 32), (3, 128, 128)], ids=str)
def test_a_judge_gives_128_features_that_are_never_negative_at_any_size(shape: tuple[int, int, int]) -> None:
    network = JudgeNetwork(ImageShape(*shape), classes=5).eval()
    with torch.inference_mode():
        features, scores = network(torch.rand(2, *shape) * 2 - 1)
    assert features.shape == (2, FEATURES)
    assert scores.shape == (2, 5)
    assert float(features.min()) >= 0
    assert sum(weight.numel() for weight in network.parameters()) < 1.6e6


def test_images_of_another_size_and_colour_are_brought_to_the_judges() -> None:
    judge = load_judge(SHIPPED / "digits.safetensors")
    images = load_images("digits").images[:200]
    classes = judge.examine(images)[1].argmax(dim=1)
    in_colour = judge.examine(images.expand(-1, 3, -1, -1))[1].argmax(dim=1)
    larger = judge.examine(load_images("digits", 32).images[:200])[1].argmax(dim=1)
    assert torch.equal(classes, in_colour)
    assert float((classes == larger).float().mean()) > 0.97


@pytest.mark.usefixtures("data_folder")
def test_a_judge_of_a_folder_is_trained_and_found_again(two_classes: Path) -> None:
    told: list[int] = []
    judge = train_judge(
        str(two_classes), epochs=30, image_size=16, progress=lambda epoch, _all, _loss: told.append(epoch)
    )
    assert told == list(range(1, 31))
    assert judge.facts.classes == ("bright", "dark")
    assert judge.facts.test_images == 8
    assert judge.facts.test_accuracy == 1.0
    assert str(two_classes.parent) not in judge.facts.model_dump_json()
    found = find_judge(str(two_classes), ImageShape(1, 16, 16))
    assert found is not None
    assert found.name == judge.name
    other_size = find_judge(str(two_classes), ImageShape(1, 32, 32))
    assert other_size is not None
    assert other_size.name == judge.name


@pytest.mark.usefixtures("data_folder")
def test_the_same_seed_trains_the_same_judge(two_classes: Path, tmp_path: Path) -> None:
    first, again, other = (
        train_judge(str(two_classes), tmp_path / f"{index}.safetensors", epochs=2, seed=seed, image_size=16)
        for index, seed in enumerate((1, 1, 2))
    )
    assert first.name == again.name
    assert first.name != other.name


@pytest.mark.usefixtures("data_folder")
def test_a_users_own_judge_comes_before_the_shipped_one() -> None:
    shipped = find_judge("digits", GREY_28)
    assert shipped is not None
    own = train_judge("digits", epochs=1)
    found = find_judge("digits", GREY_28)
    assert found is not None
    assert found.name == own.name != shipped.name


def test_folders_of_one_name_have_judges_of_their_own(tmp_path: Path) -> None:
    names = {judge_name(str(tmp_path / parent / "My Images")) for parent in ("a", "b")}
    assert len(names) == 2
    assert all(name.startswith("my-images-") for name in names)
    assert judge_name("mnist") == "mnist"


@pytest.mark.usefixtures("data_folder")
def test_a_damaged_judge_is_one_sentence() -> None:
    file = judge_file("digits", GREY_28)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no judge")
    with pytest.raises(DataError, match=r"cannot be read as a judge.*gancore judge"):
        find_judge("digits", GREY_28)


def test_data_of_one_class_has_no_judge(tmp_path: Path) -> None:
    for number in range(10):
        Image.new("L", (16, 16), number * 20).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match="has 1 class, and a judge needs at least 2"):
        train_judge(str(tmp_path))


@pytest.mark.parametrize(("images", "epochs"), [(60_000, 15), (1438, 80), (1_000_000, 10)])
def test_small_sets_get_more_epochs(images: int, epochs: int) -> None:
    assert default_epochs(images) == epochs


def test_the_command_trains_a_judge_and_prints_its_accuracy(two_classes: Path, tmp_path: Path) -> None:
    from gancore.cli import app

    out = tmp_path / "own.safetensors"
    arguments = ["judge", "--data", str(two_classes), "--out", str(out), "--epochs", "2", "--image-size", "16"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "of 8 held-out images right" in result.stdout
    assert load_judge(out).facts.epochs == 2

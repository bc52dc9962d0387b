"""Data sets: the bundled digits, folders of pictures, the real MNIST, and endless batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from gancore import data
from gancore.errors import DataError
from gancore.image_folder import read_folder

RNG = np.random.default_rng(0)


def save(path: Path, mode: str = "L", size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], *((len(mode),) if mode in ("RGB", "RGBA", "LA") else ()))
    Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(path)


def batches(images: torch.Tensor, size: int, seed: int = 0) -> data.Batches:
    labels = torch.arange(len(images))
    dataset = data.ImageData("numbered", images, labels, tuple(str(label.item()) for label in labels))
    return data.Batches(dataset, size, "[0, 1]", torch.Generator().manual_seed(seed))


def numbered(count: int) -> torch.Tensor:
    """Images that say which one they are."""
    return torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 2, 2).contiguous()


def test_digits_are_those_of_scikit_learn() -> None:
    bundled = load_digits()
    digits = data.load("digits")
    assert digits.labels.tolist() == bundled.target.tolist()
    small = torch.nn.functional.avg_pool2d(digits.images.float(), 7)
    darkness = np.corrcoef(small.mean((1, 2, 3)).numpy(), bundled.images.mean((1, 2)))[0, 1]
    assert darkness > 0.99


def test_digits_are_real_smooth_and_labelled() -> None:
    digits = data.load("digits")
    assert (digits.images.shape, digits.images.dtype) == ((1797, 1, 28, 28), torch.uint8)
    assert digits.classes == tuple("0123456789")
    assert torch.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (int(digits.images.min()), int(digits.images.max())) == (0, 255)
    blocky = digits.images[0, 0].repeat_interleave(1, 0)
    steps = (blocky[:, 1:].int() - blocky[:, :-1].int()).abs()
    assert (steps > 0).float().mean() > 0.4, "resized smoothly: most neighbours differ a little"


@pytest.mark.parametrize("side", [16, 32])
def test_named_sets_take_sizes_and_channels(side: int) -> None:
    assert data.load("digits", side, "rgb").images.shape == (1797, 3, side, side)


def test_mnist_is_read_through_torchvision(mnist: None) -> None:
    loaded = data.load("mnist")
    assert loaded.images.shape == (60000, 1, 28, 28)
    assert loaded.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert loaded.images.float().mean().item() == pytest.approx(33.32, abs=0.01)


def test_a_folder_is_read_whatever_its_files_are(tmp_path: Path) -> None:
    for name in ("cats/a.png", "cats/b.JPG", "dogs/deep/c.webp", "dogs/d.bmp"):
        save(tmp_path / name)
    save(tmp_path / ".hidden" / "e.png")
    (tmp_path / "cats" / "broken.png").write_bytes(b"not a picture")
    (tmp_path / "notes.txt").write_text("no picture")
    loaded = data.load(str(tmp_path))
    assert loaded.images.shape == (4, 1, data.FOLDER_IMAGE_SIZE, data.FOLDER_IMAGE_SIZE)
    assert loaded.classes == ("cats", "dogs")
    assert (loaded.labels.tolist(), loaded.skipped) == ([0, 0, 1, 1], 1)
    save(tmp_path / "dogs" / "f.png", "RGB")
    assert data.load(str(tmp_path), 16).images.shape == (5, 3, 16, 16), "one in colour makes all three channels"
    assert read_folder(tmp_path, 16, grey=True)[0].shape == (5, 1, 16, 16)


def test_pictures_are_cropped_laid_on_white_and_scaled(tmp_path: Path) -> None:
    clear = np.zeros((20, 20, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "a-clear.png")
    deep = np.full((20, 20), 32896, np.uint16)
    Image.fromarray(deep).save(tmp_path / "b-deep.png")
    wide = np.zeros((20, 60), np.uint8)
    wide[:, 20:40] = 255
    Image.fromarray(wide).save(tmp_path / "c-wide.png")
    one_bit = Image.new("1", (20, 20), 1)
    one_bit.save(tmp_path / "d-bit.png")
    images, _, classes, _ = read_folder(tmp_path, 20, grey=True)
    assert [int(image.float().mean()) for image in images] == [255, 128, 255, 255]
    assert classes == (tmp_path.name,)


def test_too_few_pictures_and_unknown_names_are_one_sentence(tmp_path: Path) -> None:
    save(tmp_path / "only.png")
    with pytest.raises(DataError, match=r"holds 1 readable images, and training needs at least 2; expected files"):
        data.load(str(tmp_path))
    with pytest.raises(DataError, match=r"choose one of digits, mnist, fashion-mnist, kmnist, .*, a folder"):
        data.load("cifar")


def test_missing_files_name_the_folder_and_offer_the_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        data.load("mnist")
    assert str(tmp_path / "MNIST" / "raw") in str(caught.value)
    assert "or use the bundled 'digits'" in str(caught.value)


@given(st.integers(2, 60), st.integers(2, 64))
@settings(deadline=None, max_examples=50)
def test_an_epoch_shows_every_image_once(count: int, size: int) -> None:
    source = batches(numbered(count), size)
    for _ in range(2):
        seen = torch.cat([source.next()[:, 0, 0, 0] for _ in range(source.per_epoch)])
        shown = sorted((seen * 255).round().int().tolist())
        left_over = 1 if count % size == 1 and count > size else 0
        assert len(set(shown)) == len(shown) == count - left_over
    assert source.images_seen == 2 * (count - left_over)


def test_no_batch_is_a_single_image() -> None:
    source = batches(numbered(9), 4)
    assert [len(source.next()) for _ in range(4)] == [4, 4, 4, 4]
    assert [len(batches(numbered(10), 4).next()) for _ in range(1)] == [4]


def test_a_batch_too_short_for_a_pack_is_passed_over() -> None:
    images = numbered(10)
    dataset = data.ImageData("numbered", images, torch.arange(10), ())
    source = data.Batches(dataset, 4, "[0, 1]", torch.Generator().manual_seed(0), shortest=3)
    assert [len(source.next()) for _ in range(4)] == [4, 4, 4, 4]
    assert source.per_epoch == 2


def test_labels_are_those_of_the_last_batch() -> None:
    source = batches(numbered(10), 4)
    for _ in range(5):
        assert (source.next()[:, 0, 0, 0] * 255).round().long().tolist() == source.labels.tolist()


def test_batches_go_on_where_a_state_left_them() -> None:
    source = batches(numbered(50), 8)
    for _ in range(10):
        source.next()
    state = source.state_dict()
    expected = [source.next() for _ in range(4)]
    again = batches(numbered(50), 8, seed=99)
    again.load_state_dict(state)
    assert all(torch.equal(again.next(), batch) for batch in expected[:3]), "to the end of the epoch's order"
    assert again.images_seen == state["images_seen"] + sum(len(batch) for batch in expected[:3])


@pytest.mark.parametrize("data_range", ["[-1, 1]", "[0, 1]"])
def test_ranges_are_turned_back_exactly(data_range: str) -> None:
    every = torch.arange(256, dtype=torch.uint8)[:, None, None, None]
    scaled = data.to_range(every, data_range)
    assert (scaled.min().item(), scaled.max().item()) == (-1.0 if data_range == "[-1, 1]" else 0.0, 1.0)
    assert torch.equal(data.from_range(scaled, data_range), every)
    assert data.from_range(torch.tensor([-9.0, 9.0]), data_range).tolist() == [0, 255]

"""Pictures that people and other programs open."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancore import images


def numbered(count: int, channels: int = 1, side: int = 4) -> torch.Tensor:
    """Image number i is filled with 10 (i + 1), its channels 0, 1 and 2 brighter by 0, 50 and 100."""
    shades = 10 * torch.arange(1, count + 1)[:, None] + 50 * torch.arange(channels)
    return shades[:, :, None, None].expand(-1, -1, side, side).to(torch.uint8)


def test_a_grid_goes_row_by_row_with_a_border() -> None:
    laid_out = images.grid(numbered(5), columns=3, padding=2, background=7)
    assert laid_out.shape == (3, 2 * (4 + 2) + 2, 3 * (4 + 2) + 2)
    assert laid_out.dtype == torch.uint8
    assert [int(laid_out[0, 3, column]) for column in (3, 9, 15)] == [10, 20, 30]
    assert [int(laid_out[0, 9, column]) for column in (3, 9)] == [40, 50]
    assert set(laid_out[:, :2].unique().tolist()) == {7}


@pytest.mark.parametrize("channels", [1, 3])
def test_png_files_read_back_with_their_facts(tmp_path: Path, channels: int) -> None:
    image = torch.randint(0, 256, (channels, 5, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    (tmp_path / "one.png").write_bytes(images.png(image, run="a run", iteration="12"))
    assert torch.equal(images.read_png(tmp_path / "one.png"), image)
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.text == {"run": "a run", "iteration": "12"}
        assert picture.mode == ("L" if channels == 1 else "RGB")


def test_scaling_repeats_pixels() -> None:
    image = torch.tensor([[[0, 255], [100, 50]]], dtype=torch.uint8)
    scaled = np.asarray(images.to_pillow(image, scale=3))
    assert np.array_equal(scaled, np.kron(image[0].numpy(), np.ones((3, 3), np.uint8)))


def test_arrays_are_as_image_libraries_expect_them() -> None:
    grey, colour = images.to_array(numbered(2)), images.to_array(numbered(2, channels=3))
    assert (grey.shape, colour.shape) == ((2, 4, 4), (2, 4, 4, 3))
    assert colour[1, 0, 0].tolist() == [20, 70, 120]
    assert colour.flags.c_contiguous


@pytest.mark.parametrize(("back", "expected"), [(True, [10, 20, 30, 40, 30, 20]), (False, [10, 20, 30, 40])])
def test_animations_play_there_and_back_without_end(back: bool, expected: list[int]) -> None:
    with Image.open(io.BytesIO(images.gif(numbered(4), scale=2, frame_ms=50, back_and_forth=back))) as animation:
        shades = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            shades.append(animation.convert("L").getpixel((0, 0)))
        assert shades == expected
        assert animation.size == (8, 8)
        assert (animation.info["loop"], animation.info["duration"]) == (0, 50)


@pytest.mark.parametrize("channels", [1, 3])
def test_webp_is_exact_and_plays_there_and_back(channels: int) -> None:
    frames = numbered(4, channels)
    with Image.open(io.BytesIO(images.webp(frames, scale=2, frame_ms=50))) as animation:
        assert (animation.n_frames, animation.size, animation.info["loop"]) == (6, (8, 8), 0)
        for number, shown in ((1, 1), (5, 1), (3, 3)):
            animation.seek(number)
            first = torch.tensor(animation.convert("RGB").getpixel((0, 0)))
            assert torch.equal(first, frames[shown, :, 0, 0].expand(3).long())


def test_mp4_has_even_sides_and_every_frame() -> None:
    av = pytest.importorskip("av")
    frames = numbered(4, channels=3, side=9)
    data = images.mp4(frames, scale=3, frame_ms=100)
    with av.open(io.BytesIO(data)) as film:
        (stream,) = film.streams.video
        assert (stream.width, stream.height, stream.codec_context.pix_fmt) == (28, 28, "yuv420p")
        assert stream.average_rate == 10
        shown = [frame.to_ndarray(format="rgb24")[14, 14] for frame in film.decode(stream)]
    wanted = [frames[number, :, 4, 4] for number in (0, 1, 2, 3, 2, 1)]
    assert len(shown) == len(wanted)
    for pixel, color in zip(shown, wanted, strict=True):
        assert np.abs(pixel.astype(int) - color.numpy()).max() <= 12, "of a film that is pressed together"

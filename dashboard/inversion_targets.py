"""Choosing the image that a z is looked for: from the data, a file of the visitor's, or a sample of the run."""

from __future__ import annotations

import random
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from dashboard.run_names import class_title
from gancore import target_images
from gancore.data import Split, has_test_set, load_images
from gancore.errors import GanCoreError
from gancore.i18n import N_, _
from gancore.networks import ImageShape
from gancore.sampler import Sampler

KINDS = {"data": N_("From the data"), "upload": N_("Upload"), "sample": N_("A sample")}
ANY = "any"
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Chosen:
    """An image to look for."""

    image: Tensor
    """(C, H, W) uint8."""
    source: str
    """What it is, in a few words."""


def choose_target(sampler: Sampler, shape: ImageShape, condition: int | None) -> Chosen | None:
    """The inputs; None until there is an image.

    Args:
        sampler: of a run on images, used by this script alone.
        shape: of its images.
        condition: what its samples are made under.

    Raises:
        DataError: when the data set is gone.
    """
    kind = st.segmented_control(
        _("Image"),
        list(KINDS),
        format_func=lambda kind: _(KINDS[kind]),
        default="data",
        required=True,
        key="inversion.kind",
        persist_state="session",
    )
    if kind == "upload":
        return _uploaded(sampler, shape, condition)
    return _of_data(sampler, shape) if kind == "data" else _sampled(sampler, condition)


def _of_data(sampler: Sampler, shape: ImageShape) -> Chosen | None:
    config = sampler.config
    split: Split = "test" if has_test_set(config.data) else "all"
    size = None if config.image_size is None else shape.height
    dataset = load_images(config.data, size, config.channels, split)
    images, labels = dataset.images, dataset.labels
    names = sampler.classes if len(set(sampler.classes)) > 1 else ()
    wanted = ANY
    class_column, number_column = st.columns([2, 3], vertical_alignment="bottom") if names else (None, st.container())
    if class_column is not None:
        wanted = class_column.selectbox(
            _("Class"),
            [ANY, *map(str, range(len(names)))],
            format_func=lambda number: _("any") if number == ANY else class_title(names[int(number)]),
            key="inversion.class",
            persist_state="session",
        )
    there = torch.arange(len(images)) if wanted == ANY else (labels == int(wanted)).nonzero()[:, 0]
    if not len(there):
        st.caption(_("There is no image of that class."))
        return None
    with number_column:
        number = _number(_("Number"), "inversion.number", len(there))
    index = int(there[number - 1])
    what = (
        _("test image {number} of {data}", number=index + 1, data=config.data)
        if split == "test"
        else _("image {number} of {data}", number=index + 1, data=config.data)
    )
    return Chosen(images[index], what)


def _sampled(sampler: Sampler, condition: int | None) -> Chosen:
    seed = _number(_("Seed"), "inversion.sample_seed", MOST_SEEDS)
    return Chosen(
        sampler.images(sampler.common_latents(seed), condition)[0], _("the sample of seed {seed}", seed=seed)
    )


def _number(label: str, key: str, most: int) -> int:
    """A number from 1, and a dice that draws another."""
    st.session_state[key] = min(st.session_state.get(key, 1), most)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        number: int = st.number_input(label, 1, most, key=key, persist_state="session")
        st.button(_("Another"), icon=":material/casino:", key=f"{key}.dice", on_click=_draw_number, args=(key, most))
    return number


def _draw_number(key: str, most: int) -> None:
    st.session_state[key] = random.randint(1, most)


def _uploaded(sampler: Sampler, shape: ImageShape, condition: int | None) -> Chosen | None:
    file = st.file_uploader(
        _("A picture"),
        type=["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"],
        max_upload_size=target_images.MOST_BYTES // 1_000_000,
        key="inversion.file",
        help=_("Its middle square is taken, and made as large and as colourful as the run's images."),
    )
    if file is None:
        return None
    try:
        image = target_images.fitted(target_images.read_picture(file.getvalue(), file.name), shape)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return None
    swapped = target_images.looks_negative(image, sampler.images(sampler.latents(0, 64), condition))
    if st.toggle(_("Swap dark and light"), value=swapped, key=f"inversion.negative.{file.file_id}"):
        image = target_images.negative(image)
    if swapped:
        st.caption(
            _("Beside what this run makes, dark and light are swapped in the picture, so they are swapped here.")
        )
    return Chosen(image, _("the picture {name}", name=file.name))

"""What runs are called on a page: the names that persons gave them, and engine sentences in those names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gancore.library import display_name, given_name
from gancore.run import Run
from gancore.run_words import with_names

__all__ = ["class_title", "display_name", "given_name", "given_names", "in_markdown", "with_names"]


def given_names(runs: Iterable[Run]) -> dict[str, str]:
    """Run id -> given name, of the runs that have one."""
    names = {run.id: given_name(run) for run in runs}
    return {run_id: name for run_id, name in names.items() if name}


def in_markdown(text: str) -> str:
    """A text that a person entered, as it is: nothing in it is markup, an emoji or a link."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])", r"\\\1", text)


def class_title(name: str) -> str:
    """What a class is called: ``7`` for torchvision's ``7 - seven``, which names MNIST's digits twice."""
    return re.sub(r"^(\d+) - [a-z]+$", r"\1", name)

"""What runs are called on a page: the names that persons gave them, and engine sentences in those names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gancore.library import display_name, given_name
from gancore.run import Run

__all__ = ["display_name", "given_name", "given_names", "in_markdown", "with_names"]


def given_names(runs: Iterable[Run]) -> dict[str, str]:
    """Run id -> given name, of the runs that have one."""
    names = {run.id: given_name(run) for run in runs}
    return {run_id: name for run_id, name in names.items() if name}


def in_markdown(text: str) -> str:
    """A text that a person entered, as it is: nothing in it is markup, an emoji or a link."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])", r"\\\1", text)


def with_names(sentence: str, names: Mapping[str, str]) -> str:
    """A sentence with every run id in it replaced.

    Args:
        names: by run id.
    """
    if not names:
        return sentence
    # At once and the longest first: one id may be part of another, or of a name.
    ids = sorted(names, key=len, reverse=True)
    pattern = rf"(?<![\w-])(?:{'|'.join(map(re.escape, ids))})(?![\w-])"
    return re.sub(pattern, lambda found: names[found[0]], sentence)

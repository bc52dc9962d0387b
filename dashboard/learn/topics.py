"""The topics of the Learn page: one Markdown file each and language, with its title, place and claims at the top."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from gancore import i18n

_FOLDER = Path(__file__).parent
_EDGE = "---"
_BREAK_IN_CHINESE = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])")
"""A line break that Markdown would make a space of, where Chinese has none."""
_FORMULA = re.compile(r"(?<!\$)(（?)\$(?!\$)([^$]+)\$(?!\$)([，。；：、）]*)")
"""A formula in a line of text, with the Chinese punctuation that touches it."""


@dataclass(frozen=True)
class Topic:
    """One page of theory."""

    name: str
    """In the page's address: the file's name."""
    title: str
    order: int
    claims: tuple[str, ...]
    """Names of the claims that follow the text, in order."""
    text: str
    """Markdown, with formulas between dollars."""


@functools.cache
def topics(language: str) -> dict[str, Topic]:
    """Name -> topic, in order.

    Args:
        language: a code of :data:`gancore.i18n.LANGUAGES`.
    """
    found = [read_topic(path) for path in (_FOLDER / language).glob("*.md")]
    return {topic.name: topic for topic in sorted(found, key=lambda topic: topic.order)}


def topics_here() -> dict[str, Topic]:
    """The topics in the language in force."""
    return topics(i18n.language())


def read_topic(path: Path) -> Topic:
    """A topic from its file, which begins with ``title:``, ``order:`` and ``claims:`` between two lines of dashes.

    Raises:
        ValueError: when the head is not as it should be.
    """
    before, edge, rest = path.read_text(encoding="utf-8").partition(f"{_EDGE}\n")
    head, closing, text = rest.partition(f"\n{_EDGE}\n")
    entries = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if before or not edge or not closing or not {"title", "order"} <= entries.keys():
        raise ValueError(f"{path}: expected title, order and claims between two lines of {_EDGE}")
    claims = tuple(name.strip() for name in entries.get("claims", "").split(",") if name.strip())
    text = _BREAK_IN_CHINESE.sub("", text.strip())
    return Topic(path.stem, entries["title"], int(entries["order"]), claims, text)


def kept_together(text: str) -> str:
    """Markdown whose formulas contain the Chinese punctuation around them.

    A browser may break a line anywhere beside a formula, and no line of Chinese begins with a comma.
    """

    def together(found: re.Match[str]) -> str:
        before, formula, after = found.groups()
        opened, closed = (f"\\text{{{mark}}}" if mark else "" for mark in (before, after))
        # Two dollars side by side would begin a formula of another kind.
        apart = "\u200b" if text[found.end() :].startswith(("$", "（$")) else ""
        return f"${opened}{formula}{closed}${apart}"

    return _FORMULA.sub(together, text)

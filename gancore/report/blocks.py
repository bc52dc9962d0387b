"""What a page of a report is made of; the template draws each kind in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gancore.report.drawing import Figure
from gancore.report.reported import Look


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    is_note: bool = False
    """Whether it is smaller than what it explains."""
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Heading:
    """What the blocks after it are about; with a run's mark where it is a run."""

    text: str
    look: Look | None = None
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first cell of a row names it."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    looks: Sequence[Look | None] = ()
    """Of the runs that head the columns after the first; empty: they are none."""
    numbers: bool = False
    """Whether the cells after the first are numbers, which stand right."""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Facts:
    """Names and values, without heads."""

    caption: str
    rows: Sequence[tuple[str, str]]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class Side:
    """Tables beside one another where there is room."""

    tables: Sequence[Table]
    kind: Literal["side"] = "side"


@dataclass(frozen=True)
class Charts:
    """Figures; half as wide ones stand in pairs."""

    figures: Sequence[Figure]
    kind: Literal["charts"] = "charts"


@dataclass(frozen=True)
class Picture:
    """One gallery."""

    label: str
    detail: str
    alt: str
    png: bytes


@dataclass(frozen=True)
class Pictures:
    """A run's galleries in a row."""

    pictures: Sequence[Picture]
    kind: Literal["pictures"] = "pictures"


@dataclass(frozen=True)
class Command:
    """A command line."""

    text: str
    kind: Literal["command"] = "command"


@dataclass(frozen=True)
class Answer:
    """A question and what was answered; without an answer it leaves room for one by hand."""

    question: str
    text: str
    kind: Literal["answer"] = "answer"


Block = Text | Heading | Table | Facts | Side | Charts | Pictures | Command | Answer


@dataclass(frozen=True)
class Section:
    """One chapter."""

    name: str
    """Of its anchor."""
    title: str
    blocks: Sequence[Block] = field(default_factory=list)
    on_new_page: bool = False
    """Whether it begins a page when it is printed."""

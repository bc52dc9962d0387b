"""Fonts for figures that have Chinese in them: the first of this machine's that can draw it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gancore.i18n import ENGLISH, language, speaking

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "SimSun",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    # Older matplotlib lists a collection by the first of its faces, which has every script's glyphs.
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Arial Unicode MS",
)
"""Families with simplified Chinese, best first: Linux, macOS and Windows come with one of them."""
LATIN_FONT = "DejaVu Sans"
"""Comes with matplotlib."""
_one_at_a_time = threading.RLock()


@functools.cache
def chinese_font() -> str | None:
    """The family that Chinese is drawn with; None where matplotlib finds none."""
    try:
        from matplotlib.font_manager import fontManager
    except ImportError:
        return None

    found = {font.name for font in fontManager.ttflist}
    return next((name for name in CHINESE_FONTS if name in found), None)


@contextmanager
def figure_fonts(outlined: bool = True) -> Iterator[str]:
    """Draw figures with a font for the language in force, until the block ends; what it gives is that language.

    Where there is no such font the labels of this block are English: boxes in place of letters would say nothing.
    One thread draws at a time, as matplotlib's settings are every thread's.

    Args:
        outlined: whether letters become shapes; where they stay text, as an SVG's may, the reader's fonts draw them.
    """
    import matplotlib as mpl

    spoken, font = language(), chinese_font()
    shown = spoken if font is not None or not outlined else ENGLISH
    known = [LATIN_FONT] if font is None else [LATIN_FONT, font]
    families = known if shown == ENGLISH else known[::-1]
    with _one_at_a_time, speaking(shown), mpl.rc_context({"font.family": families}):
        yield shown

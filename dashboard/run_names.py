"""Engine sentences, which call runs by their ids, in the names that a page uses."""

from __future__ import annotations

import re
from collections.abc import Mapping


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

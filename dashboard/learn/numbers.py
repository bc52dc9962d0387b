"""Numbers as a book has them."""

from __future__ import annotations

import re

_POWER_OF_TEN = re.compile(r"(\d(?:\.\d+)?)e([+-]\d\d+)")
_MINUS = re.compile(r"(?<![\w.)\]])-(?=\d)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_printed(text: str) -> str:
    """Numbers as a book has them: ``5.6e-16`` is 5.6 × 10⁻¹⁶, ``1.1e+01`` is 11, and -1 has a minus sign."""
    return _MINUS.sub("−", _POWER_OF_TEN.sub(_power_of_ten, text))


def _power_of_ten(found: re.Match[str]) -> str:
    exponent = int(found[2])
    if float(found[1]) == 0 or -3 <= exponent <= 3:
        return f"{float(found[0]):g}"
    return f"{found[1]} × 10{str(exponent).translate(_RAISED)}"

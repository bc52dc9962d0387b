"""A lab report on one run or several: one HTML page that needs nothing else, and an archive of everything in it.

``reported`` reads the runs, ``sections`` and ``metrics`` make chapters of ``blocks``, ``figures`` says what is drawn
and ``drawing`` draws it, ``page`` fills the template, ``archive`` packs. ``questions`` are the lab's, and
:mod:`gancore.answers` keeps the answers.
"""

from gancore.report.archive import report_archive
from gancore.report.page import lab_report
from gancore.report.reported import Look

__all__ = ["Look", "lab_report", "report_archive"]

"""``python -m gancore`` is the ``gancore`` command."""

from gancore.cli import main

main()

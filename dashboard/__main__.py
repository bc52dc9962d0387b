"""`ganscope` and `python -m dashboard`: start the dashboard from any folder.

What follows on the command line goes to `streamlit run`, e.g. `ganscope --server.port 8600`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streamlit.web import cli


def main() -> None:
    """Run `streamlit run <path of app.py> ...`; like Streamlit's own command, it ends in `SystemExit`."""
    app = Path(__file__).resolve().with_name("app.py")
    cli.main(["run", str(app), *sys.argv[1:]], prog_name="ganscope")


if __name__ == "__main__":
    main()

"""The Streamlit dashboard: forms, live charts and galleries over the `gancore` engine."""

import gancore  # noqa: F401  before anything imports torch: it decides how torch's threads wait

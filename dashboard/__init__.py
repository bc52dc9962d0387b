"""The Streamlit dashboard: forms, live charts and galleries over the `gancore` engine."""

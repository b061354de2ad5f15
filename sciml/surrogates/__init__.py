"""Learned replacements of slow simulators (not built yet: see CHANGELOG.md)."""

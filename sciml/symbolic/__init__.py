"""Verified symbolic integration and differential equations (not built yet: see CHANGELOG.md)."""

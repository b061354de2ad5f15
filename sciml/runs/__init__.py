"""What every run on disk needs: atomic files, a content-addressed cache, provenance."""

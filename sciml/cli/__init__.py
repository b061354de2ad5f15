"""Command line: one file per verb, no science. `app.py` lists the verbs and loads each on its first use."""

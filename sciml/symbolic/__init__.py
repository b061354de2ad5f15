"""Verified symbolic integration and differential equations (being built: see CHANGELOG.md).

The sequence model: `vocabulary.py` (tokens), `network.py` (encoder-decoder), `decoding.py` (grammar-masked
beam search), `training_data.py`, `training.py`.
"""

"""Surrogates in other people's loops: scikit-learn, BoTorch, pymoo, a plain function.

Each adapter imports its library when it is used and names the extra to install where it is missing.
"""

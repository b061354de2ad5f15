"""Deep learning that answers scientific questions and shows its evidence.

Three pillars, each importable on its own: `sciml.structure` (protein structure from sequence),
`sciml.surrogates` (learned replacements of slow simulators), `sciml.symbolic` (verified integrals and
differential equations). They stand on `sciml.data` (readers and writers) and on the shared modules beside it.

Importing this package loads no heavy library.
"""

__version__ = "0.1.0"

"""Learned replacements of slow simulators, and the search for designs that meet specifications.

The truth: `problem_file` -> `problem` (`problem_spec`, `specification`) -> `simulator_choice` -> `simulator`
(`command`, `callable_simulator`, `ngspice/`, `circuits/`) -> `execution/`, `store` -> `batch_simulator` ->
`result`.

What is learned from it: `codec` (`transforms`) -> `backbones` -> `heads` -> `neural`, `ensemble` (trained by
`stacked_training` or `training`) -> `prediction`, with `calibration` and `domain`; `pairwise` ->
`discriminator`. `fitting` goes from a problem to a surrogate, `persistence` to a file (`registry`,
`spec_json`), `validate` to a card beside `baselines`, `interop/` to other libraries.

What is done with it: `guarded` stands in for the simulator; `optimise/` chooses designs; `session/` runs
`sciml design`.
"""

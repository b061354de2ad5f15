"""Lightning pieces shared by every pillar; they know none of them.

`settings` (from JSON and words) -> `machine` (device, arithmetic, trainer) -> `resume` (batches and random
numbers as functions of the step) -> `divergence` (no step on what is no number) -> `ema` (moving average) ->
`throughput` -> `timebox` (end on time) -> `checkpoints` (atomic; last, best) -> `records` (folder, metrics).
"""

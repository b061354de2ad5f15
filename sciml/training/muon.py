"""The optimiser Muon: momentum made orthogonal before each step; Adam for what is no matrix.

Sources: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks" (iteration and its
coefficients); Liu et al. 2025, arXiv 2502.16982, equation 4 (scale of the step); Loshchilov & Hutter 2019
(decay).
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_STEP_RMS = 0.2  # of an update before the learning rate, as Adam's typically is


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for `matrices`, Adam with decoupled decay for `others`.

    Both have the same learning rate: the root mean square of a step is the same for either.

    Args:
        matrices: parameters of two axes, of hidden layers.
        others: embeddings, norms, offsets; not decayed.
        lr: learning rate.
        momentum: of the matrices, Nesterov's.
        betas: decays of Adam's means.
        eps: added to the root of Adam's mean of squares.
        weight_decay: of the matrices, per step and unit of the learning rate.

    Raises:
        ValueError: a matrix that has not two axes.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        matrices, others = list(matrices), list(others)
        if any(one.ndim != 2 for one in matrices):
            raise ValueError("Muon's matrices have two axes; give other parameters as `others`")
        groups: list[dict[str, Any]] = [
            {"params": matrices, "is_matrix": True, "weight_decay": weight_decay},
            {"params": others, "is_matrix": False, "weight_decay": 0.0},
        ]
        defaults = {"lr": lr, "momentum": momentum, "betas": betas, "eps": eps}
        super().__init__([group for group in groups if group["params"]], defaults)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step; what the closure returns, where there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [one for one in group["params"] if one.grad is not None]
            if group["is_matrix"]:
                self._step_matrices(parameters, group)
            else:
                self._step_others(parameters, group)
        return loss

    def _step_matrices(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        by_shape: dict[torch.Size, list[Tensor]] = {}
        for parameter in parameters:
            by_shape.setdefault(parameter.shape, []).append(parameter)
        for shape, alike in by_shape.items():
            gradients = [one.grad for one in alike if one.grad is not None]
            means = [self._kept(one, "mean") for one in alike]
            torch._foreach_lerp_(means, gradients, 1 - group["momentum"])
            ahead = torch.stack([g.lerp(m, group["momentum"]) for g, m in zip(gradients, means, strict=True)])
            updates = orthogonal(ahead).to(alike[0].dtype)
            rate = group["lr"] * _STEP_RMS * math.sqrt(max(shape))
            torch._foreach_mul_(alike, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(alike, list(updates.unbind(0)), alpha=-rate)

    def _step_others(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        first, second = group["betas"]
        for one in parameters:
            assert one.grad is not None
            mean, square = self._kept(one, "mean"), self._kept(one, "square")
            self.state[one]["updates"] = updates = self.state[one].get("updates", 0) + 1
            mean.lerp_(one.grad, 1 - first)
            square.lerp_(one.grad.square(), 1 - second)
            root = (square / (1 - second**updates)).sqrt_().add_(group["eps"])
            one.addcdiv_(mean, root, value=-group["lr"] / (1 - first**updates))

    def _kept(self, parameter: Tensor, name: str) -> Tensor:
        state = self.state[parameter]
        if name not in state:
            state[name] = torch.zeros_like(parameter)
        return state[name]


def orthogonal(matrices: Tensor) -> Tensor:
    """Matrices with the same singular vectors and singular values near one (0.7 to 1.2).

    Args:
        matrices: (n, i, j).

    Returns:
        (n, i, j), in bfloat16 on an accelerator.
    """
    x = matrices.bfloat16() if matrices.device.type == "cuda" else matrices
    is_tall = x.shape[-2] > x.shape[-1]
    x = x.mT if is_tall else x
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if is_tall else x

"""The moving average against its closed form."""

import pytest
import torch
from torch import nn

from sciml.training.ema import ExponentialMovingAverage
from tests.training.toy import ToyTraining, data_module, trainer


class OneParameter(nn.Module):
    """A single number, and one that is not trained."""

    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value, dtype=torch.float64))
        self.fixed = nn.Parameter(torch.tensor(5.0, dtype=torch.float64), requires_grad=False)


def averaged(values, **settings):
    module, ema = OneParameter(values[0]), ExponentialMovingAverage(**settings)
    ema.average = {"value": module.value.detach().clone()}
    for value in values[1:]:
        module.value.data.fill_(value)
        ema.update(module)
    return float(ema.average["value"])


def test_average_equals_the_closed_form():
    values, d = [3.0, -1.0, 4.0, 1.5, -9.0], 0.9
    n = len(values) - 1
    closed = d**n * values[0] + sum((1 - d) * d ** (n - t) * values[t] for t in range(1, n + 1))
    assert averaged(values, decay=d) == pytest.approx(closed, rel=1e-14)


def test_warm_up_forgets_the_start():
    # d = 1/10, 2/11, 3/12: weights of the three values after the start are 0.9 * 2/11 * 3/12, 9/11 * 3/12,
    # 9/12.
    expected = 0.1 * 2 / 11 * 0.25 * 7 + 0.9 * 2 / 11 * 0.25 * 1 + 9 / 11 * 0.25 * 2 + 0.75 * 3
    assert averaged([7.0, 1.0, 2.0, 3.0], decay=0.999, warmup=True) == pytest.approx(expected, rel=1e-14)


def test_parameters_are_untouched_after_a_validation_on_the_average():
    module, ema = OneParameter(1.0), ExponentialMovingAverage(0.5)
    ema.average = {"value": torch.tensor(8.0, dtype=torch.float64)}
    with ema.applied_to(module):
        assert (module.value.item(), module.fixed.item()) == (8.0, 5.0)
    assert (module.value.item(), ema.average["value"].item()) == (1.0, 8.0)


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_decay_outside_its_range_is_refused(decay):
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        ExponentialMovingAverage(decay)


class Watch(ToyTraining):
    """Keeps the parameters after each step and those that validation saw."""

    def __init__(self):
        super().__init__()
        self.start = self.copy()
        self.after_steps, self.seen = [], None

    def copy(self):
        return {name: parameter.detach().clone() for name, parameter in self.named_parameters()}

    def on_train_batch_end(self, *rest):
        self.after_steps.append(self.copy())

    def validation_step(self, batch, batch_idx):
        self.seen = self.copy()


@pytest.mark.parametrize("accumulation", [1, 2])
def test_validation_of_a_run_sees_the_average_of_its_steps(accumulation):
    module, ema, d = Watch(), ExponentialMovingAverage(0.8), 0.8
    run = trainer([ema], steps=5, accumulation=accumulation, validate_every=5)
    run.fit(module, datamodule=data_module(steps=5, accumulation=accumulation))
    assert ema.updates == 5
    expected = module.start
    for step in module.after_steps[accumulation - 1 :: accumulation]:
        expected = {name: d * old + (1 - d) * step[name] for name, old in expected.items()}
    for name, value in expected.items():
        torch.testing.assert_close(module.seen[name], value)
        torch.testing.assert_close(ema.average[name], value)
        assert torch.equal(dict(module.named_parameters())[name], module.after_steps[-1][name])

import itertools
import signal
import time

import pytest

from sciml.symbolic.expression import symbol
from sciml.symbolic.ladder.deadline import Deadline, OutOfTimeError, hard_limit, shorten
from sciml.symbolic.ladder.normalise import Renaming, abstracted, constant_factor, linear_argument, terms
from sciml.symbolic.parser import parse


def test_names_of_the_user_come_back_even_if_x_is_a_parameter():
    given = parse("k*exp(t*x) + omega*t")
    names = Renaming.of(given, symbol("t"))
    inside = names.into(given)
    assert inside == parse("a*exp(x*c) + b*x")
    assert names.back(inside) == given


def test_the_unknown_function_and_its_constants_keep_their_names():
    given = parse("y'' + g*y*t + c1")
    names = Renaming.of(given, symbol("t"), is_equation=True)
    assert names.into(given) == parse("y'' + a*y*x + c1")


def test_a_function_of_a_linear_argument_becomes_a_function_of_x():
    found = linear_argument(parse("exp(sin(3*x + 1))*cos(6*x + 2)"))
    assert (found.outer, found.slope, found.shift) == (parse("exp(sin(x))*cos(2*x)"), parse("3"), parse("1"))
    assert found.back(parse("x^2")) == parse("(3*x + 1)^2/3")
    assert linear_argument(parse("exp(x)*x")) is None


def test_constants_are_every_factor_without_x():
    assert constant_factor(parse("3*k*sin(k)*x*exp(x)")) == (parse("3*k*sin(k)"), parse("x*exp(x)"))
    assert constant_factor(parse("k")) == (parse("k"), parse("1"))


def test_terms_add_up_to_the_sum():
    given = parse("2*x + 3*sin(x) - 7")
    assert sum((part * coefficient for coefficient, part in terms(given)), parse("0")) == given


def test_large_numbers_become_parameters_and_come_back():
    given = parse("38*x*cos(2000*x) + x^1000 + 7")
    found = abstracted(given)
    assert found.integrand == parse("a*x*cos(b*x) + x^c + 7")
    assert found.back(found.integrand) == given
    assert abstracted(parse("31*x + 32*x^2 + 33*sin(x) + 34*cos(x)")) is None
    assert abstracted(parse("7*x")) is None


def test_a_loop_that_never_looks_at_the_clock_is_interrupted():
    started = time.monotonic()
    with pytest.raises(OutOfTimeError), hard_limit(Deadline.after(0.1)):
        any(value < 0 for value in itertools.count())
    assert time.monotonic() - started < 2


def test_a_budget_of_work_is_not_used_up_by_waiting():
    with hard_limit(Deadline.after(60).within(0.2)):
        time.sleep(0.5)
    deadline = Deadline.after(60).within(0.2)
    time.sleep(0.3)
    assert not deadline.has_passed
    assert deadline.left > 0.15
    assert deadline.by_the_wall().wall - time.monotonic() < 0.2


def test_a_budget_of_work_ends_work_and_the_time_on_the_wall_ends_both():
    with pytest.raises(OutOfTimeError), hard_limit(Deadline.of_work(0.1)):
        any(value < 0 for value in itertools.count())
    started = time.monotonic()
    with pytest.raises(OutOfTimeError), hard_limit(Deadline.after(0.2).within(30)):
        time.sleep(5)
    assert time.monotonic() - started < 2


def test_an_inner_limit_rings_although_the_outer_one_is_nearer_on_the_wall():
    with hard_limit(Deadline.of_work(0.5)):
        time.sleep(0.4)
        used = time.thread_time()
        with pytest.raises(OutOfTimeError), hard_limit(Deadline.of_work(0.2)):
            any(value < 0 for value in itertools.count())
        assert 0.15 < time.thread_time() - used < 0.4


def test_a_limit_in_force_is_shortened_and_never_lengthened():
    def work_on():
        shorten(60)
        shorten(0.1)
        any(value < 0 for value in itertools.count())

    used = time.thread_time()
    with pytest.raises(OutOfTimeError), hard_limit(Deadline.of_work(0.3)):
        work_on()
    assert 0.08 < time.thread_time() - used < 0.25


def test_an_alarm_of_the_caller_rings_at_its_own_time():
    before = signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM)
    with hard_limit(Deadline.after(1)):
        assert signal.getitimer(signal.ITIMER_REAL)[0] <= 1
    after = signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM)
    assert after[1] is before[1]
    assert after[0][0] == pytest.approx(before[0][0], abs=1.0)


def test_an_import_is_not_cut_in_half(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.5)\nis_whole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OutOfTimeError), hard_limit(Deadline.after(0.05)):
        any(__import__("slow_to_import") is None for _ in itertools.count())
    assert __import__("slow_to_import").is_whole

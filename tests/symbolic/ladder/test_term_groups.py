from sciml.symbolic import integrate, parse
from sciml.symbolic.ladder.normalise import terms
from sciml.symbolic.ladder.term_groups import groups
from sciml.symbolic.verification import verify


def grouped(text):
    return sorted(sorted(str(term) for _, term in group) for group in groups(terms(parse(text))))


def test_terms_that_share_a_function_stay_together_and_others_part():
    found = grouped("exp(x)/x - exp(x)/x^2 + log(x)*sin(x) + sin(x)/x + x^3 + 1/x")
    assert [len(one) for one in found] == [2, 2, 2]
    assert ["exp(x)/x", "exp(x)/x**2"] in found
    assert sorted(["log(x)*sin(x)", "sin(x)/x"]) in found


def test_radicals_of_one_base_belong_together():
    assert [len(one) for one in grouped("sqrt(x + 1) + (x + 1)^(3/2)*x + sqrt(x + 2)")] == [2, 1]


def test_a_sum_of_strangers_is_solved_though_none_is_real_where_the_others_are():
    beyond_one = "2*exp(2*acosh(x)*(x - 1))*(sqrt(x - 1)/sqrt(x + 1) + acosh(x))"
    text = f"{beyond_one} + asin(x)^4*log(asin(x))/sqrt(1 - x^2)"
    answer = integrate(text)
    assert verify(answer.problem, answer.solution).is_verified


def test_functions_inside_functions_connect_terms_only_if_asked():
    given = terms(parse("log(asin(x)) + x/(asin(x)*sqrt(1 - x^2)) + log(x)"))
    assert sorted(map(len, groups(given))) == [1, 1, 1]
    assert sorted(map(len, groups(given, is_deep=True))) == [1, 2]

"""Objectives of the literature as people write them for NumPy and SciPy, unchanged.

Moré, Garbow & Hillstrom (1981) and the usual test functions of global optimization.
The oracle is the complex step: the imaginary part of f(x + ih) / h has all digits, and
comes from NumPy's complex numbers; for SciPy's own function it is SciPy's derivative.
"""

import numpy as np
import pytest
from scipy import optimize

from engine import grad, hessian, jacobian, value_and_grad
from engine.tape import jit


def rastrigin(x):
    return 10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


def ackley(x):
    n = len(x)
    first = -20 * np.exp(-0.2 * np.sqrt(np.sum(x**2) / n))
    return first - np.exp(np.sum(np.cos(2 * np.pi * x)) / n) + 20 + np.e


def griewank(x):
    i = np.arange(1.0, len(x) + 1.0)
    return np.sum(x**2 / 4000) - np.prod(np.cos(x / np.sqrt(i))) + 1


def levy(x):
    w = 1 + (x - 1) / 4
    middle = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return np.sin(np.pi * w[0]) ** 2 + np.sum(middle) + last


def styblinski_tang(x):
    return np.sum(x**4 - 16 * x**2 + 5 * x) / 2


def helical_valley(x):
    theta = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if x[0].real < 0 else 0.0)
    r = np.array([10 * (x[2] - 10 * theta), 10 * (np.sqrt(x[0] ** 2 + x[1] ** 2) - 1)])
    return np.dot(r, r) + x[2] ** 2


def powell_singular(x):
    f = np.array([
        x[0] + 10 * x[1], np.sqrt(5) * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2,
        np.sqrt(10) * (x[0] - x[3]) ** 2,
    ])  # fmt: skip
    return f @ f


def wood(x):
    u = np.array([
        10 * (x[1] - x[0] ** 2), 1 - x[0], np.sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
        np.sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / np.sqrt(10),
    ])  # fmt: skip
    return np.square(u).sum()


def brown_dennis(x):
    t = np.arange(1, 21) / 5
    f = (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2
    return np.sum(f**2)


def box_3d(x):
    t = 0.1 * np.arange(1, 11)
    f = np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))
    return (f**2).sum()


def beale(x):
    y = np.array([1.5, 2.25, 2.625])
    return np.sum((y - x[0] * (1 - np.power(x[1], [1, 2, 3]))) ** 2)


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def quadratic_form(x):
    a = np.vander([1.0, 2.0, 3.0], 3)
    return x.T @ a @ x / 2 - np.array([1.0, -1.0, 0.5]).dot(x)


def gaussian_fit(x):
    t = np.linspace(0.0, 2.0, 7)
    model = x[0] * np.exp(-((t - x[1]) ** 2) / (2 * x[2] ** 2))
    return np.mean((model - np.cos(t)) ** 2)


def log_sum_exp(x):
    top = np.max(x.real)  # a constant, but for its rounding
    return np.log(np.sum(np.exp(x - top))) + top


OBJECTIVES = {
    rastrigin: [0.3, -1.2, 2.2],
    ackley: [0.3, -1.2, 2.2, 0.9],
    griewank: [30.3, -11.2, 2.2],
    levy: [0.3, -1.2, 2.2],
    styblinski_tang: [0.3, -1.2, 2.2],
    helical_valley: [-1.0, 0.7, 0.4],
    powell_singular: [3.0, -1.0, 0.5, 1.0],
    wood: [-3.0, -1.0, -3.0, -1.0],
    brown_dennis: [25.0, 5.0, -5.0, -1.0],
    box_3d: [0.4, 10.0, 20.0],
    beale: [1.0, 1.0],
    himmelblau: [-1.5, 2.5],
    quadratic_form: [1.5, -2.0, 0.3],
    gaussian_fit: [0.9, 0.1, 0.7],
}


def take_complex_steps(f, x, h=1e-200):
    return [np.imag(f(x + 1j * h * unit)) / h for unit in np.eye(len(x))]


@pytest.mark.parametrize("f", OBJECTIVES, ids=lambda f: f.__name__)
def test_value_and_gradient(f):
    point = OBJECTIVES[f]
    x = np.array(point)
    expected, slopes = f(x), take_complex_steps(f, x)
    value, found = value_and_grad(lambda p: f(np.array(p)))(point)
    assert value == pytest.approx(expected, rel=1e-14)
    scale = max(map(abs, slopes))
    assert found == pytest.approx(slopes, rel=1e-12, abs=1e-14 * scale)

    taped = jit(f)
    assert taped(x) == value  # bit for bit
    value, found = taped.value_and_grad(x)
    assert list(found) == pytest.approx(slopes, rel=1e-12, abs=1e-14 * scale)
    batch = np.array([x, x * 1.01])
    assert taped.batch(batch) == pytest.approx([f(row) for row in batch], rel=1e-12)


def test_the_largest_of_an_array_is_one_of_its_elements():
    """softmax, whichever way the shift is taken."""
    x = np.array([0.2, 1.5, -0.3])
    found = grad(lambda p: log_sum_exp(np.array(p)))(x.tolist())
    assert found == pytest.approx(np.exp(x) / np.exp(x).sum(), rel=1e-14)


POINT = [1.3, 0.7, 0.8, 1.9, 1.2]


def test_rosenbrock_of_scipy():
    x = np.array(POINT)
    assert grad(optimize.rosen)(POINT) == pytest.approx(
        optimize.rosen_der(x), rel=1e-14
    )
    second = np.array(hessian(optimize.rosen)(POINT))
    assert second == pytest.approx(optimize.rosen_hess(x), rel=1e-13, abs=1e-13)
    taped = jit(optimize.rosen)
    assert taped(x) == optimize.rosen(x)
    done = optimize.minimize(taped.value_and_grad, x, jac=True, method="BFGS")
    assert done.x == pytest.approx(np.ones(5), abs=1e-5)


def test_the_jacobian_of_residuals_that_are_written_into_an_array():
    """Rosenbrock's residuals; the Jacobian by hand."""

    def residuals(x):
        f = np.empty(2, dtype=object)
        f[0], f[1] = 10 * (x[1] - x[0] ** 2), 1 - x[0]
        return f

    found = jacobian(residuals)([-1.2, 1.0])
    assert found.tolist() == [[24.0, 10.0], [-1.0, 0.0]]
    assert jacobian(lambda x: np.array(x) * x[0])([2.0, 3.0]).tolist() == [
        [4.0, 0.0],
        [3.0, 2.0],
    ]

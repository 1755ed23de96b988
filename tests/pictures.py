"""The graphs that are drawn in the tests: those of the reference pictures."""

from engine import Value


def named(value, label):
    value.label = label
    return value


def apple_bill():
    apple, n, tax = Value(100, "apple"), Value(2, "n"), Value(1.1, "tax")
    return named(named(apple * n, "subtotal") * tax, "price")


def fan_out():
    x, y = Value(3, "x"), Value(-2, "y")
    q = named(x * y, "q")
    return named((q * q + q) + x, "L")


def sigmoid():
    w0, x0, w1 = Value(2, "w0"), Value(-1, "x0"), Value(-3, "w1")
    x1, w2 = Value(-2, "x1"), Value(-3, "w2")
    return named(1 / (((w0 * x0 + w1 * x1 + w2) * -1).exp() + 1), "f")


def micrograd():
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return named(g, "g")


def not_a_number():
    p, zero = Value(float("inf"), "inv"), Value(0, 'x <b>&"')
    return named(p * zero + Value(3.5e8, "z"), "L")


def differentiated(value):
    value.backward()
    return value

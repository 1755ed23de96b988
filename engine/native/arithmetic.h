/* Python's x // y and x % y on floats, and what nodes and tapes share beside. Where
   Python raises, or might, the result is nan. */
#ifndef DOTGRAD_ARITHMETIC_H
#define DOTGRAD_ARITHMETIC_H

#include <math.h>

static inline double modulo(double x, double y) {
    double rest = fmod(x, y);
    if (rest == 0)
        return y == 0 ? NAN : copysign(0.0, y);
    return (y < 0) != (rest < 0) ? rest + y : rest;
}

static inline double floor_divide(double x, double y) {
    double rest = fmod(x, y), quotient = (x - rest) / y;
    if (rest != 0 && (y < 0) != (rest < 0))
        quotient -= 1;
    if (y == 0)
        return NAN;
    if (quotient == 0)
        return copysign(0.0, x / y);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

#endif

// What the table's rows call in JavaScript, where Math has it not or has it otherwise.
//
// Each function gives what Python gives, with ±∞ or NaN where Python raises; `raised`
// then remembers that it would have.

let raised = false;

/** A function of the math module: it raises where a number has no finite value. */
function math(f) {
  return (x) => {
    const y = f(x);
    if (!Number.isFinite(y) && (y !== y ? x === x : Number.isFinite(x))) raised = true;
    return y;
  };
}

function divide(x, y) {
  if (y === 0) raised = true;
  return x / y;
}

/** Python's x % y, which has the sign of y. */
function modulo(x, y) {
  if (y === 0) {
    raised = true;
    return NaN;
  }
  const rest = x % y;
  if (rest === 0) return y < 0 || Object.is(y, -0) ? -0 : 0;
  return rest < 0 === y < 0 ? rest : rest + y;
}

/** Python's x // y: the quotient is rounded once the rest is taken away. */
function floorDivide(x, y) {
  if (y === 0) {
    raised = true;
    return NaN;
  }
  const rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0 && rest < 0 !== y < 0) quotient -= 1;
  if (quotient === 0) return Object.is(x / y, -0) || x / y < 0 ? -0 : 0;
  const whole = Math.floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

/** Python's x ** y, where it is real: 1 to any power is 1, also to NaN. */
function power(x, y) {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  const out = Math.pow(x, y);
  if (x === 0 && y < 0 && y !== -Infinity) raised = true;
  else if (out !== out) raised ||= x === x && y === y;
  else if (Math.abs(out) === Infinity) raised ||= Number.isFinite(x) && Number.isFinite(y);
  return out;
}

/** exp(−x²), with the rounding error of x² made up for. */
function gauss(x) {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}

/** erf x = 2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, a sum of terms of one sign. */
function erfSeries(x) {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * gauss(x) * sum;
}

/** erfc x for x > 1: Laplace's continued fraction, from its end. */
function erfcFraction(x) {
  let tail = x;
  for (let k = Math.ceil(20 + 200 / (x * x)); k > 0; k--) tail = x + k / 2 / tail;
  return gauss(x) / (Math.sqrt(Math.PI) * tail);
}

function erf(x) {
  if (Math.abs(x) < 2) return erfSeries(x);
  return x !== x ? x : Math.sign(x) * (1 - (Math.abs(x) > 6 ? 0 : erfcFraction(Math.abs(x))));
}

function erfc(x) {
  if (x !== x) return x;
  if (x < 1) return 1 - erf(x);
  return x > 28 ? 0 : erfcFraction(x);
}

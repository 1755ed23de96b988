// Numbers as they stand in the pictures (viz/labels.py writes them the same way).

/** `x` with this many significant digits; integers below 1e7 in full; −, ∞ and nan. */
export function formatNumber(x, digits) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const sign = x < 0 ? "−" : "";
  if (Number.isInteger(size) && size < 1e7) return sign + String(size);
  const [figures, exponent] = significant(size, digits);
  if (exponent < -4 || exponent >= digits) {
    return `${sign}${decimal(figures, 0)}e${String(exponent).replace("-", "−")}`;
  }
  return sign + decimal(figures, exponent);
}

/** The figures of x > 0, rounded with ties to even, and the exponent of the first. */
function significant(x, digits) {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const figures = mantissa.replace(".", "");
  if (!isTie(x, digits) || Number(figures.at(-1)) % 2 === 0) return [figures, Number(exponent)];
  return [figures.slice(0, -1) + (figures.at(-1) - 1), Number(exponent)];
}

/** Whether x lies in the middle between two numbers of this many digits. */
function isTie(x, digits) {
  const more = (count) => x.toExponential(count).split("e")[0].replace(".", "").slice(digits);
  return more(digits) === "5" && /^50*$/.test(more(digits + 30));
}

/** The figures with a point behind the one of this exponent, no zeros at the end. */
function decimal(figures, exponent) {
  const digits = "0".repeat(Math.max(0, -exponent)) + figures;
  const whole = Math.max(0, exponent) + 1;
  const text = `${digits.slice(0, whole).padEnd(whole, "0")}.${digits.slice(whole)}`;
  return text.replace(/\.?0*$/, "");
}

/** A number of the page's data: JSON has no infinities. */
export function parse(x) {
  if (typeof x === "number") return x;
  return { inf: Infinity, "-inf": -Infinity, nan: NaN }[x];
}

/** What a person typed: "1e-3", "−2", "inf"; undefined where it is no number. */
export function parseTyped(text) {
  const plain = text.trim().toLowerCase().replaceAll("−", "-").replaceAll("∞", "inf");
  const special = { inf: Infinity, "+inf": Infinity, "-inf": -Infinity, nan: NaN }[plain];
  if (special !== undefined) return special;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}

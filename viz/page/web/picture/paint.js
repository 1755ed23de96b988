// How a gradient looks (viz/style/paint.py has the same rules): width and colour by magnitude
// on a log scale over three decades, the hue by sign.

const DECADES = 3;

/** What flows along a wire at a frame: its numbers, and what is known of them. */
export function measureFlow({ sources, place }, tape, film, frame) {
  const [value, gradient] = [["value", place], ["gradient", place]]; // prettier-ignore
  return {
    value: tape.number(value),
    gradient: tape.number(gradient),
    several: sources.length > 1,
    valueKnown: film.isKnown(value, frame),
    gradientKnown: film.isKnown(gradient, frame),
  };
}

/** 0 for the thinnest wire, 1 for the widest. */
export function strength(gradient, largest) {
  const below = Math.log10(largest) - Math.log10(Math.abs(gradient));
  return Math.min(1, Math.max(0, 1 - below / DECADES));
}

/** The hue of a gradient, as a class; the style says how it looks. */
export function hue(gradient) {
  if (!Number.isFinite(gradient)) return "nonfinite";
  if (gradient === 0) return "zero";
  return gradient > 0 ? "positive" : "negative";
}

/** Class, strength and width of the wire of a gradient. */
export function pen(gradient, largest, weighted, several) {
  if (!weighted) return { hue: "plain", share: 1, width: 1 };
  const kind = hue(gradient);
  if (kind === "zero") return { hue: kind, share: 1, width: 1 };
  if (kind === "nonfinite") return { hue: kind, share: 1, width: 4 };
  const strong = strength(gradient, largest);
  return { hue: several ? "plain" : kind, share: 0.35 + 0.65 * strong, width: 1 + 3 * strong };
}

// Sentences: words, and references to numbers (viz/diagram/sentence.py makes them).
//
// ["gradient", 3] is a number of a value, ["gradient", [7, 8]] one of uses; a third entry
// marks a number that is added to those before it.

/** A sentence as text; `number` writes the numbers. */
export function write(sentence, number) {
  const parts = sentence.map((part) => {
    if (typeof part === "string") return part;
    const text = number(part);
    if (!part[2]) return text;
    return text.startsWith("−") ? `− ${text.slice(1)}` : `+ ${text}`;
  });
  return parts.join("");
}

/** The terms with their signs in between: "22 − 6 + 1". */
export function addUp(terms) {
  return terms.flatMap((term, i) => (i > 0 ? [" ", [...term, true]] : [term]));
}

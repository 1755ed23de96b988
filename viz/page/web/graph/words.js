// What is said of a value: in the picture, in a hint beside it, to a screen reader.
import { formatNumber } from "./numbers.js";
import { addUp } from "./sentence.js";

/** Names, numbers and sentences about the values of one graph. */
export class Words {
  constructor(data, tape, film) {
    Object.assign(this, { data, tape, film });
  }

  number(x) {
    return formatNumber(x, this.data.digits);
  }

  /** A value by its label, else by its symbol, else by its number. */
  name(value) {
    return (
      this.data.labels[value] || this.data.symbols[value] || this.number(this.tape.values[value])
    );
  }

  /** Its name with those of its scopes: "layer 1 / neuron 3 / w0". */
  place(value) {
    const home = this.data.scopes[this.data.homes[value]];
    return [...(home?.name ?? []), this.name(value)].join(" / ");
  }

  /** Its label, else its number: as an operand in a formula. */
  operand(value) {
    return this.data.labels[value] || this.number(this.tape.values[value]);
  }

  output() {
    return this.data.labels[this.tape.output] || "output";
  }

  kind(value) {
    const kind = this.data.kinds[value];
    return kind === "operation" ? this.data.ops[this.data.rows[value]].name : kind;
  }

  /** "q = x × y = 3 × −2 = −6": what it is called, how it is computed, what it is. */
  describe(value) {
    const number = this.number(this.tape.values[value]);
    const label = this.data.labels[value];
    if (this.tape.isLeaf(value)) return label ? `${label} = ${number}` : number;
    const named = this.film.apply(value, (place) => this.operand(place));
    const counted = this.film.apply(value, (place) => this.number(this.tape.values[place]));
    return [label, named, counted, number]
      .filter((part, i, all) => part && part !== all[i - 1])
      .join(" = ");
  }

  /** "∂L/∂q = −11" */
  gradient(value) {
    return `∂${this.output()}/∂${this.term(value)} = ${this.number(this.tape.gradients[value])}`;
  }

  /** A value that stands for itself: its label, else how it is computed. */
  term(value) {
    const label = this.data.labels[value];
    if (label || this.tape.isLeaf(value)) return label || `(${this.name(value)})`;
    return `(${this.film.apply(value, (place) => this.operand(place))})`;
  }

  /** "−11 × −2 = 22": the chain rule at one use. */
  chain(use) {
    const { target } = this.tape.uses[use];
    const factors = [this.tape.gradients[target], this.tape.partials[use]];
    return `${factors.map((x) => this.number(x)).join(" × ")} = ${this.number(this.tape.shares[use])}`;
  }

  /** "∂q/∂x = y = −2": the rule of a use, as a formula and as a number. */
  rule(use) {
    const { source, target, position } = this.tape.uses[use];
    const op = this.data.ops[this.data.rows[target]];
    const names = new Map(
      op.operands.map((name, i) => [name, this.factor(this.tape.operands[target][i])]),
    );
    names.set("out", this.factor(target));
    const formula = op.rules[position].replace(
      /[\p{L}_][\p{L}\p{N}_]*/gu,
      (word) => names.get(word) ?? word,
    );
    const number = this.number(this.tape.partials[use]);
    const said =
      formula === number || formula === `(${number})` ? number : `${formula} = ${number}`;
    const { labels } = this.data;
    const by = labels[source] || op.operands[position];
    return `∂${labels[target] || "out"}/∂${by} = ${said}`;
  }

  /** A value inside of a formula: its label, else its number, no two signs in a row. */
  factor(value) {
    const text = this.operand(value);
    return text.startsWith("−") ? `(${text})` : text;
  }

  /** Contributions, added up: "22 + 1 = 23". */
  total(uses, sum) {
    const terms = uses.map((use) => ["gradient", [use]]);
    const few = terms.length > 6 ? [...addUp(terms.slice(0, 5)), " + …"] : addUp(terms);
    return `${this.film.write(few)} = ${this.number(sum)}`;
  }

  /** What a line beside a wire says at a frame; nothing while one of its numbers is
   * unknown, or where it is needless. */
  line({ not_where_one: one }, sentence, frame) {
    const numbers = sentence.filter((part) => typeof part !== "string");
    const isNeedless = (part) => part[0] === one && this.tape.number(part) === 1;
    if (numbers.some((part) => !this.film.isKnown(part, frame) || isNeedless(part))) return "";
    return this.film.write(sentence);
  }

  /** The path to the output along which most of the gradient flows: [values, factors]. */
  path(value) {
    const values = [value];
    const factors = [];
    while (values.at(-1) !== this.tape.output) {
      const uses = this.tape.usedBy[values.at(-1)];
      const best = uses.reduce((a, b) =>
        Math.abs(this.tape.shares[b]) > Math.abs(this.tape.shares[a]) ? b : a,
      );
      factors.unshift(this.tape.partials[best]);
      values.push(this.tape.uses[best].target);
    }
    return [values.reverse(), factors];
  }

  /** Whether there is only one path from a value to the output. */
  isAlone(value) {
    return this.path(value)[0].every((one) => this.tape.usedBy[one].length <= 1);
  }

  /** "L ← + ← q: 1 × 1 × −6 = −6", its middle left out when it is long. */
  along(value) {
    const [values, factors] = this.path(value);
    if (factors.length === 0) return "";
    const product = this.number(factors.reduce((a, b) => a * b));
    const shown = (list, sign) =>
      (list.length > 7 ? [...list.slice(0, 3), "…", ...list.slice(-3)] : list).join(sign);
    const names = shown(
      values.map((v) => this.name(v)),
      " ← ",
    );
    const numbers = shown(
      factors.map((x) => this.number(x)),
      " × ",
    );
    return factors.length > 1 ? `${names}: ${numbers} = ${product}` : `${names}: ${product}`;
  }

  /** What a screen reader says of a value at a frame. */
  speakOf(value, frame) {
    const known = this.film.valueKnown(value, frame)
      ? this.describe(value)
      : `${this.name(value)}, not computed yet`;
    const back = this.film.gradientKnown(value, frame) ? `; ${this.gradient(value)}` : "";
    return `${this.kind(value)}: ${known}${back}`;
  }
}

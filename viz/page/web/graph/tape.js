// The graph as flat arrays, and both sweeps over it.
import { parse } from "./numbers.js";

/** The values of a graph, its local derivatives, gradients and what flows along uses. */
export class Tape {
  /**
   * @param data the graph: `operands` of each value, its `rows` (-1 for a leaf), ...
   * @param rows {rows, raised}: the operations of the engine's table, or null
   */
  constructor(data, rows) {
    this.data = data;
    this.rows = rows;
    this.operands = data.operands;
    this.size = data.operands.length;
    this.output = this.size - 1;
    this.failures = new Set();
    this.uses = [];
    this.first = []; // of a value: the number of its first use of an operand
    this.usedBy = this.operands.map(() => []);
    this.operands.forEach((sources, target) => {
      this.first.push(this.uses.length);
      sources.forEach((source, position) => {
        this.usedBy[source].push(this.uses.length);
        this.uses.push({ source, target, position });
      });
    });
    this.change(new Map());
  }

  /** The numbers as they were recorded. */
  restore() {
    this.changed = new Map();
    this.failures.clear();
    this.values = Float64Array.from(this.data.values, parse);
    this.partials = Float64Array.from(this.data.partials, parse);
  }

  /** The values that some uses are of; of none, the output, which no use is of. */
  sourcesOf(uses) {
    if (uses.length === 0) return [this.output];
    return [...new Set(uses.map((use) => this.uses[use].source))];
  }

  /** A number that a sentence refers to. */
  number([kind, place]) {
    if (!Array.isArray(place)) return this[kind === "value" ? "values" : "gradients"][place];
    const sources = this.sourcesOf(place);
    if (kind === "count") return sources.length;
    if (kind === "value") return this.values[sources[0]];
    if (kind === "partial") return this.partials[place[0]];
    if (kind === "upstream") return this.gradients[this.uses[place[0]].target];
    const [source, ...others] = sources;
    if (others.length > 0) return Math.hypot(...this.contributions(place).values());
    if (place.length === this.usedBy[source].length) return this.gradients[source];
    return this.contributions(place).get(source);
  }

  /** What some uses contribute to the gradients of the values that they are of. */
  contributions(uses) {
    const sums = new Map();
    for (const use of uses) {
      const { source } = this.uses[use];
      sums.set(source, (sums.get(source) ?? 0) + this.shares[use]);
    }
    return sums;
  }

  isLeaf(value) {
    return this.data.rows[value] < 0;
  }

  /** Give leaves other values: a map from their numbers; what is not in it is reset. */
  change(leaves) {
    this.restore();
    if (leaves.size > 0 && this.rows !== null) {
      this.changed = new Map(leaves);
      for (const [leaf, value] of leaves) this.values[leaf] = value;
      this.sweepForward();
    }
    this.sweepBack();
  }

  sweepForward() {
    const { rows, raised } = this.rows;
    for (let value = 0; value < this.size; value++) {
      const row = rows[this.data.rows[value]];
      if (row === undefined) continue;
      const xs = this.operands[value].map((operand) => this.values[operand]);
      raised();
      const out = (this.values[value] = row.value(...xs));
      if (raised()) this.failures.add(value);
      row.partials.forEach((partial, position) => {
        this.partials[this.first[value] + position] = partial(out, ...xs);
      });
    }
  }

  /** From the last value to the first, in the order in which the engine adds. */
  sweepBack() {
    this.gradients = new Float64Array(this.size);
    this.shares = new Float64Array(this.uses.length);
    this.gradients[this.output] = 1;
    for (let value = this.output; value >= 0; value--) {
      this.operands[value].forEach((operand, position) => {
        const use = this.first[value] + position;
        this.shares[use] = this.gradients[value] * this.partials[use];
        this.gradients[operand] += this.shares[use];
      });
    }
    this.largest = this.largestGradient();
  }

  /** What the widest wire stands for. */
  largestGradient() {
    let largest = 0;
    for (const numbers of [this.gradients, this.shares]) {
      for (const x of numbers) {
        if (Number.isFinite(x) && Math.abs(x) > largest) largest = Math.abs(x);
      }
    }
    return largest || 1;
  }
}

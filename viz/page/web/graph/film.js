// Backpropagation frame by frame: what happens, and what is known by then.
import { formatNumber } from "./numbers.js";
import { write } from "./sentence.js";

/** The frames, numbered from 1; their equations are written with a tape's numbers. */
export class Film {
  constructor(data, applied, tape, digits) {
    this.data = data;
    this.applied = applied;
    this.tape = tape;
    this.digits = digits;
    this.total = data.equations.length;
  }

  write(sentence) {
    return write(sentence, (quantity) => formatNumber(this.tape.number(quantity), this.digits));
  }

  equation(frame) {
    return this.write(this.data.equations[frame - 1]);
  }

  /** How a value is computed, its operands written by a function of their numbers. */
  apply(value, writeOperand) {
    return write(this.applied[value], ([, place]) => writeOperand(place));
  }

  /** The value where something happens, or -1. */
  focus(frame) {
    return this.data.focus[frame - 1];
  }

  kind(frame) {
    return this.data.kinds[frame - 1];
  }

  valueKnown(value, frame) {
    return this.data.values[value] <= frame;
  }

  gradientKnown(value, frame) {
    return this.data.gradients[value] <= frame;
  }

  /** Whether a number is known at a frame. */
  isKnown([kind, place], frame) {
    if (!Array.isArray(place)) {
      return kind === "value" ? this.valueKnown(place, frame) : this.gradientKnown(place, frame);
    }
    if (kind === "value" || kind === "count")
      return this.tape.sourcesOf(place).every((source) => this.valueKnown(source, frame));
    if (place.length === 0) return this.gradientKnown(this.tape.output, frame);
    return place.every((use) => this.data.uses[use] <= frame);
  }
}

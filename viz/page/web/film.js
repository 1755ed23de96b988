// Backpropagation frame by frame: what is told, and what is known by then.
import { formatNumber } from "./numbers.js";

const SLOT = /\ue000([vgpc])(\d+)\ue001/g;
const ADDED = /\+ \ue000([vgpc])(\d+)\ue001/g;

/** The frames, numbered from 1; their equations are filled with a tape's numbers. */
export class Film {
  constructor(data, applied, tape, digits) {
    this.data = data;
    this.applied = applied;
    this.tape = tape;
    this.digits = digits;
    this.total = data.equations.length;
  }

  number(x) {
    return formatNumber(x, this.digits);
  }

  equation(frame) {
    let text = this.data.equations[frame - 1];
    if (this.data.kinds[frame - 1] === "meet") {
      text = text.replace(ADDED, (_, kind, place) => {
        const number = this.number(this.at(kind, Number(place)));
        return number.startsWith("−") ? `− ${number.slice(1)}` : `+ ${number}`;
      });
    }
    return this.filled(text, (kind, place) => this.number(this.at(kind, place)));
  }

  /** How a value is computed, its operands written by a function of their numbers. */
  computed(value, written) {
    return this.filled(this.applied[value], (_, place) => written(place));
  }

  filled(text, written) {
    return text.replace(SLOT, (_, kind, place) => written(kind, Number(place)));
  }

  at(kind, place) {
    const { values, gradients, partials, shares } = this.tape;
    return { v: values, g: gradients, p: partials, c: shares }[kind][place];
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

  shareKnown(use, frame) {
    return this.data.uses[use] <= frame;
  }
}

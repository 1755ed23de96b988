// What is told of the selected value, and the hint beside the pointer.
import { byId, html } from "./dom.js";

/** The rows of a value: [heading, lines]. */
function rows(words, value, frame) {
  const { tape, film } = words;
  const found = [["value", [film.valueKnown(value, frame) ? words.computed(value) : "not computed yet"]]];
  if (tape.failures.has(value)) found.push(["note", ["the engine raises an error here: there is no such number"]]);
  const operands = tape.operands[value].map((_, position) => tape.first[value] + position);
  if (operands.length) {
    found.push(["rule", operands.map((use) => words.rule(use))]);
  }
  if (!film.gradientKnown(value, frame)) return [...found, ["gradient", ["not known yet"]]];
  found.push(["gradient", [words.gradient(value)]]);
  const uses = tape.usedBy[value];
  const from = uses.slice(0, 6).map((use) => `from ${words.name(tape.uses[use].target)}: ${words.chain(use)}`);
  if (uses.length > 6) from.push(`and ${uses.length - 6} more`);
  if (uses.length > 1) from.push(`together ${words.total(uses, tape.gradients[value])}`);
  if (from.length) found.push(["chain rule", from]);
  const to = operands.map((use) => `to ${words.name(tape.uses[use].source)}: ${words.chain(use)}`);
  if (to.length) found.push(["passes on", to]);
  const along = words.along(value);
  if (along) found.push([uses.length > 1 ? "chain, the strongest" : "chain", [along]]);
  return found;
}

/** A list that tells of a value. */
export function story(words, value, frame) {
  const title = `${words.data.labels[value] || words.data.symbols[value] || words.kind(value)}`;
  const list = html("dl");
  for (const [heading, lines] of rows(words, value, frame)) {
    list.append(html("dt", {}, heading), ...lines.map((line) => html("dd", {}, line)));
  }
  return [html("h2", {}, `${title} `, html("small", {}, words.kind(value))), list];
}

/** The hint: shown beside an element of the picture, inside of the stage. */
export class Hint {
  constructor(words) {
    this.words = words;
    this.tip = byId("tip");
  }

  show(element, value, frame) {
    this.tip.replaceChildren(...story(this.words, value, frame));
    this.tip.hidden = false;
    const stage = byId("stage").getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const middle = box.left + box.width / 2 - stage.left - width / 2;
    const left = Math.max(4, Math.min(middle, stage.width - width - 4));
    const below = box.bottom - stage.top + 8;
    const above = box.top - stage.top - height - 8;
    const top = below + height < stage.height ? below : Math.max(4, above);
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${top}px`;
  }

  hide() {
    this.tip.hidden = true;
  }
}

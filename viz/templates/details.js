// What is told of the selected value, and the hint beside the pointer.
import { byId, html } from "./dom.js";

const MOST_USES = 5;

/** The rows of a value: [heading, lines]. */
function rows(words, value, frame) {
  const { tape, film } = words;
  const known = film.valueKnown(value, frame);
  const found = [["value", [known ? words.computed(value) : "not computed yet"]]];
  if (tape.failures.has(value))
    found.push(["", ["no such number: the engine raises an error here"]]);
  const operands = tape.operands[value].map((_, position) => tape.first[value] + position);
  if (operands.length) found.push(["rule", operands.map((use) => words.rule(use))]);
  if (!film.gradientKnown(value, frame)) return [...found, ["gradient", ["not known yet"]]];
  return [...found, ...gradientRows(words, value, operands)];
}

function gradientRows(words, value, operands) {
  const { tape } = words;
  const uses = tape.usedBy[value];
  const from = uses
    .slice(0, MOST_USES)
    .map((use) => `${words.chain(use)} from ${words.name(tape.uses[use].target)}`);
  if (uses.length > MOST_USES) from.push(`and ${uses.length - MOST_USES} more`);
  if (uses.length > 1) from.push(`together ${words.total(uses, tape.gradients[value])}`);
  const to = operands.map((use) => `${words.chain(use)} to ${words.name(tape.uses[use].source)}`);
  const along = words.along(value);
  return [
    ["gradient", [words.gradient(value), ...from]],
    ["passes on", to],
    [uses.length > 1 ? "strongest chain" : "chain", along ? [along] : []],
  ].filter(([, lines]) => lines.length);
}

/** Elements that tell of a value. */
export function story(words, value, frame, isBrief = false) {
  const list = html("dl");
  for (const [heading, lines] of rows(words, value, frame)) {
    if (isBrief && heading === "passes on") continue;
    const told = lines.map((line) => html("div", {}, line));
    list.append(html("dt", {}, heading), html("dd", {}, ...told));
  }
  const scope = words.place(value).split(" / ").slice(0, -1).join(" / ");
  const kind = html("small", {}, [words.kind(value), scope].filter(Boolean).join(", in "));
  return [html("h2", {}, `${words.name(value)} `, kind), list];
}

/** The hint: shown beside an element of the picture, inside of the stage. */
export class Hint {
  constructor(words) {
    this.words = words;
    this.tip = byId("tip");
  }

  show(element, value, frame) {
    this.tip.replaceChildren(...story(this.words, value, frame, true));
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

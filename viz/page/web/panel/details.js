// The story of the selected value, and the hint beside the pointer.
import { byId, html } from "../page/dom.js";

const MOST_USES = 5;

/** What is said of a value and of its rule: [heading, lines]. */
function tellForward(words, value, frame) {
  const { tape, film } = words;
  const known = film.valueKnown(value, frame);
  const computed = [known ? words.describe(value) : "not computed yet"];
  if (tape.failures.has(value)) computed.push("no such number: the engine raises an error here");
  const rules = listOperandUses(tape, value).map((use) => words.rule(use));
  return [
    ["value", computed],
    ["rule", rules],
  ];
}

/** The same of its gradient. */
function tellBackward(words, value, frame) {
  const { tape, film } = words;
  if (!film.gradientKnown(value, frame)) return [["gradient", ["not known yet"]]];
  const uses = tape.usedBy[value];
  const from = uses.map((use) => `${words.chain(use)} from ${words.name(tape.uses[use].target)}`);
  if (uses.length > MOST_USES)
    from.splice(MOST_USES, Infinity, `and ${uses.length - MOST_USES} more`);
  if (uses.length > 1) from.push(`together ${words.total(uses, tape.gradients[value])}`);
  const passed = (use) => `${words.chain(use)} to ${words.name(tape.uses[use].source)}`;
  return [
    ["gradient", [words.gradient(value), ...from]],
    ["passes on", listOperandUses(tape, value).map(passed)],
    [words.isAlone(value) ? "chain" : "strongest chain", [words.along(value)]],
  ];
}

/** All of it in a few lines. */
function tellBriefly(words, value, frame) {
  const { tape, film } = words;
  const [gradient, , chain] = tellBackward(words, value, frame);
  const uses = tape.usedBy[value];
  if (film.gradientKnown(value, frame) && uses.length) {
    const sum = uses.length > 1 ? words.total(uses, tape.gradients[value]) : words.chain(uses[0]);
    gradient[1] = [`${words.gradient(value).split(" = ")[0]} = ${sum}`];
  }
  return [...tellForward(words, value, frame), gradient, chain ?? ["", []]];
}

function listOperandUses(tape, value) {
  return tape.operands[value].map((_, position) => tape.first[value] + position);
}

/** Elements that tell of a value. */
export function tellStory(words, value, frame, isBrief = false) {
  const rows = isBrief
    ? tellBriefly(words, value, frame)
    : [...tellForward(words, value, frame), ...tellBackward(words, value, frame)];
  const list = html("dl");
  for (const [heading, lines] of rows) {
    const told = lines.filter(Boolean).map((line) => html("div", {}, line));
    if (told.length) list.append(html("dt", {}, heading), html("dd", {}, ...told));
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
    this.tip.replaceChildren(...tellStory(this.words, value, frame, true));
    this.tip.hidden = false;
    const stage = byId("stage").getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.tip;
    const middle = box.left + box.width / 2 - stage.left - width / 2;
    let left = Math.max(4, Math.min(middle, stage.width - width - 4));
    let top = box.bottom - stage.top + 8;
    if (top + height > stage.height) top = box.top - stage.top - height - 8;
    if (top < 4) {
      // Neither below nor above is room: beside it, not upon it.
      top = Math.max(4, stage.height - height - 4);
      const right = box.right - stage.left + 8;
      left = right + width < stage.width ? right : Math.max(4, box.left - stage.left - width - 8);
    }
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${top}px`;
  }

  hide() {
    this.tip.hidden = true;
  }
}

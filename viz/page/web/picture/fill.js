// Writing numbers and colours into a picture: only where something changed.
import { say } from "../page/dom.js";
import { arrow, makeLine, placeTexts } from "./figure.js";
import { hue, measureFlow, pen } from "./paint.js";

/** A line, its arrowheads, and what is written beside it. */
export function fillFlow(picture, flow, frame, isFar) {
  const { style, tape, film } = picture;
  const now = measureFlow(flow, tape, film, frame);
  const ink = pen(now.gradient, tape.largest, style.weighted, now.several);
  const state = !now.valueKnown ? "future" : now.gradientKnown ? "" : "forward";
  const odd = !now.several && !Number.isFinite(now.value) ? "odd" : "";
  const lines = isFar ? [] : flow.texts.map((text) => tell(picture, text, now, frame));
  const shown = [state, ink.hue, ink.share, ink.width, odd, isFar, ...lines].join();
  if (shown === flow.shown) return;
  flow.shown = shown;
  const kind = flow.isCable ? "cable" : now.several ? "bundle" : flow.kind;
  const look = `${ink.hue} ${state} ${odd} ${kind}`;
  if (isNew(flow, "look", look)) {
    flow.edge.setAttribute("class", `edge ${look}`);
    flow.label?.setAttribute("class", `wire ${look}`);
  }
  setShare(flow, flow.edge, ink.share);
  if (isNew(flow, "width", ink.width.toFixed(1))) {
    flow.line.setAttribute("stroke-width", flow.width);
    flow.tips.forEach(([last, tip], i) => {
      flow.heads[i].setAttribute("points", arrow(last, tip, Number(flow.width)));
    });
  }
  if (isFar) return;
  flow.texts.forEach(({ element }, i) => say(element, lines[i]));
  const said = lines.map(Boolean).join();
  if (isNew(flow, "said", said)) placeTexts(flow.texts, picture.vertical);
}

/** What a line says now: those below tell how the gradient came about. */
function tell({ words }, { line, sentence }, now, frame) {
  return line.above || now.gradientKnown ? words.line(line, sentence, frame) : "";
}

/** Whether something is to be shown otherwise than before; remembers it. */
function isNew(shown, name, value) {
  if (shown[name] === value) return false;
  shown[name] = value;
  return true;
}

/** How much of its hue an element has, to a percent. */
function setShare(shown, element, share) {
  const percent = `${Math.round(share * 100)}%`;
  if (isNew(shown, "share", percent)) element.style.setProperty("--share", percent);
}

/** A value: a leaf, an operation, the box of the output, a fork. */
export function fillBody(picture, part, frame, isFar) {
  const { tape, film, words, style } = picture;
  const { group, texts, ref, kind, shape } = part;
  const [value, gradient] = [tape.values[ref], tape.gradients[ref]];
  const known = film.valueKnown(ref, frame);
  const back = film.gradientKnown(ref, frame);
  const failed = tape.failures.has(ref);
  const focus = film.focus(frame) === ref;
  const shown = [value, gradient, tape.largest, known, back, failed, focus, isFar].join();
  if (shown === part.shown) return;
  part.shown = shown;
  const marks = {
    future: !known,
    odd: known && !Number.isFinite(value),
    [hue(gradient)]: back,
    failed,
    focus,
    final: ref === tape.output,
  };
  const set = Object.keys(marks).filter((mark) => marks[mark]);
  const look = ["body", kind, shape, ...set].join(" ");
  if (isNew(part, "look", look)) group.setAttribute("class", look);
  setShare(part, group, pen(gradient, tape.largest, style.weighted, false).share);
  texts.fill?.setAttribute("class", back ? "fill" : "fill none");
  if (isFar) return;
  if (texts.title) say(texts.title, writeTitle(picture, part));
  if (texts.value) say(texts.value, known ? words.number(value) : "");
  if (texts.gradient) say(texts.gradient, back ? words.number(gradient) : "");
}

function writeTitle({ data, words, tape }, { kind, ref, symbol, shape }) {
  const label = data.labels[ref];
  if (data.hidden[ref] && kind !== "output") return data.hidden[ref];
  if (kind === "exit" || kind === "entry") return words.name(ref);
  if (shape === "card") {
    return kind === "operation" && label ? `${symbol} ${label}` : symbol || label || "·";
  }
  if (kind === "operation") return symbol;
  return label || (kind === "output" ? "output" : words.number(tape.values[ref]));
}

/** A collapsed scope: what it puts out, and the gradient of that. */
export function fillScope(picture, part, frame) {
  const { data, tape, film, words } = picture;
  const scope = data.scopes[part.ref];
  const { outputs } = scope;
  const known = outputs.every((value) => film.valueKnown(value, frame));
  const back = outputs.every((value) => film.gradientKnown(value, frame));
  const focus = picture.holds(part.ref, film.focus(frame));
  const size = Math.hypot(...outputs.map((value) => tape.gradients[value]));
  const alone = outputs.length === 1;
  const gradient = alone ? tape.gradients[outputs[0]] : size;
  const values = outputs.map((value) => tape.values[value]);
  const shown = [known, back, focus, gradient, tape.largest, ...values].join();
  if (shown === part.shown) return;
  part.shown = shown;
  const ink = pen(gradient, tape.largest, true, !alone);
  const marks = [known ? "" : "future", back ? ink.hue : "", focus ? "focus" : ""];
  part.group.setAttribute("class", ["body scope", part.shape, ...marks].join(" "));
  setShare(part, part.group, ink.share);
  const lines = tellScope(words, scope, known, back && gradient);
  const told = lines.map(([, text]) => text).join(", ");
  const name = scope.name.join(" / ");
  const act = picture.opens(part.ref) ? "Expand" : "Too large to expand";
  part.group.setAttribute("aria-label", `Scope ${name}, collapsed: ${told}. ${act}`);
  if (part.shape !== "circle") {
    const mark = picture.opens(part.ref) ? "▸ " : "";
    return writeCard(part, mark + scope.name.at(-1), lines);
  }
  say(part.texts.value, known ? words.number(values[0]) : "");
  say(part.texts.gradient, back ? words.number(gradient) : "");
}

/** The lines of a scope's card: [kind of line, text]. */
function tellScope(words, { outputs, parameters, count }, known, gradient) {
  const lines = [];
  if (known && outputs.length <= 2) {
    const told = (value) => `${words.name(value)} = ${words.number(words.tape.values[value])}`;
    lines.push(...outputs.map((value) => ["value", told(value)]));
  } else if (known) lines.push(["value", `${outputs.length} outputs`]);
  if (gradient !== false) {
    const norms = outputs.length > 1 ? "|grad| " : "";
    lines.push(["gradient", norms + words.number(gradient)]);
  }
  if (parameters.length) lines.push(["parameters", `${parameters.length} parameters`]);
  return [...lines, ["small", `${count} values`]];
}

function writeCard({ texts, height }, name, lines) {
  say(texts.title, name);
  const room = (height - 24) / lines.length;
  const made = lines.map(([kind, text], i) => makeLine(kind, 0, room * (i + 0.5) + 4, text));
  texts.lines.replaceChildren(...made);
}

// The picture: made anew when what is open changes, filled anew when a number does.
import { svg, say } from "./dom.js";
import { composed, unpacked } from "./compose.js";
import { arrow, makeBody, makeCable, makeLine, makePath, makeWire } from "./figure.js";
import { flowing, hue, norm, pen } from "./paint.js";

/** Draws a graph into an element of SVG. */
export class Picture {
  constructor(root, data, tape, film, words) {
    Object.assign(this, { root, data, tape, film, words, style: data.style });
    this.flat = data.flat && unpacked(data.flat);
    this.scenes = data.scopes.map(({ scene }) => scene && unpacked(scene));
  }

  /** Lay the picture out: flat, or with these scopes open. */
  arrange(isFlat, open) {
    const scene = isFlat ? this.flat : this.scenes[0];
    const layout = composed(scene, (scope) => this.scenes[scope], open);
    this.size = [layout.width, layout.height];
    this.flows = new Map();
    this.parts = [];
    const boxes = layout.boxes.map((box) => this.box(box));
    const cables = layout.cables.map((cable) => this.cable(cable));
    const paths = layout.paths.map((path) => this.path(path));
    const wires = layout.wires.map((wire) => this.wire(wire));
    const bodies = layout.bodies.map((body) => this.body(body));
    this.root.replaceChildren(...boxes, ...cables, ...paths, ...wires, ...bodies);
  }

  /** What flows along a wire, with all the elements that show it. */
  flow(wire) {
    if (!this.flows.has(wire)) {
      const found = wire.what ? wire : { ...wire, what: "use" };
      const uses = found.what === "trunk" ? found.uses : wire.uses;
      const sources = [...new Set(uses.map((use) => this.tape.uses[use].source))];
      if (sources.length === 0) sources.push(this.tape.output);
      this.flows.set(wire, { ...found, uses, sources, groups: [], lines: [], heads: [], texts: {}, shown: "" });
    }
    return this.flows.get(wire);
  }

  box({ ref, x, y, width, height }) {
    const name = this.data.scopes[ref].name.at(-1);
    const shut = svg("g", { class: "shut", tabindex: "-1", role: "button", "data-shut": ref, "aria-label": `Collapse ${name}` },
      svg("rect", { x, y, width, height: 20, class: "bar" }),
      svg("text", { class: "title", x: x + 8, y: y + 14 }, `▾ ${name}`));
    return svg("g", { class: "room" }, svg("rect", { class: "shape", x, y, width, height, rx: 6 }), shut);
  }

  cable({ points, flow, ref }) {
    const shown = this.flow(flow);
    const uses = shown.uses.filter((use) => this.tape.uses[use].source === ref);
    const own = this.flow({ what: "use", uses });
    const line = makeCable(points, this.style.vertical);
    own.lines.push(line);
    const group = svg("g", { class: "edge" }, line);
    own.groups.push(group);
    return group;
  }

  path(path) {
    const flow = this.flow(path.flow);
    const { group, stroke, head, last, tip } = makePath(path);
    flow.lines.push(stroke);
    flow.groups.push(group);
    if (head) flow.heads.push([head, last, tip]);
    return group;
  }

  wire(wire) {
    const flow = this.flow(wire.flow);
    const { group, middle, texts } = makeWire(wire, this.style.vertical);
    flow.lines.push(middle);
    flow.groups.push(group);
    flow.texts = texts;
    flow.group = group;
    return group;
  }

  body(body) {
    const { ref, kind } = body;
    const symbol = kind === "operation" ? this.data.symbols[ref] : "";
    const { group, texts } = makeBody(body, symbol);
    if (kind !== "fork" && kind !== "output") {
      group.setAttribute("tabindex", "-1");
      group.setAttribute("role", "button");
      group.setAttribute(kind === "scope" ? "data-open" : "data-value", ref);
    }
    if (kind === "entry" || kind === "exit") group.removeAttribute("role");
    this.parts.push({ ...body, group, texts, symbol, shown: "" });
    return group;
  }

  /** Write the numbers and colours of a frame. */
  fill(frame) {
    const known = (flow) => flowing(flow, this.tape, this.film, frame);
    for (const flow of this.flows.values()) this.fillFlow(flow, known(flow));
    const focus = this.film.focus(frame);
    for (const part of this.parts) {
      if (part.kind === "scope") this.fillScope(part, frame, focus);
      else this.fillBody(part, frame, focus);
    }
  }

  fillFlow(flow, now) {
    const { style, words, tape } = this;
    const { hue, share, width } = pen(now.gradient, tape.largest, style.weighted, now.several);
    const state = !now.valueKnown ? "future" : now.gradientKnown ? "" : "forward";
    const reason = style.chain && flow.what !== "share" && now.gradientKnown ? words.reason(flow, now.gradient) : "";
    const shown = [state, hue, share, width, now.value, now.gradient, reason].join();
    if (shown === flow.shown) return;
    flow.shown = shown;
    for (const group of flow.groups) {
      group.setAttribute("class", `${group === flow.group ? `wire ${flow.what}` : "edge"} ${hue} ${state}`);
      group.style.setProperty("--share", `${Math.round(share * 100)}%`);
    }
    for (const line of flow.lines) line.setAttribute("stroke-width", width.toFixed(2));
    for (const [head, last, tip] of flow.heads) head.setAttribute("points", arrow(last, tip, width));
    this.write(flow, now, reason);
  }

  write({ texts, what, uses, sources }, now, reason) {
    if (!texts.value) return;
    const { words } = this;
    if (what === "share") {
      return say(texts.gradient, now.gradientKnown ? words.number(now.gradient) : "");
    }
    const label = this.data.labels[sources[0]];
    const named = !now.several && !this.tape.isLeaf(sources[0]) && (what === "trunk" || uses.length === this.tape.usedBy[sources[0]].length);
    say(texts.name, named && what !== "output" ? label : "");
    const value = now.several ? `${sources.length} values` : words.number(now.value);
    say(texts.value, now.valueKnown ? value : "");
    const gradient = words.number(now.gradient);
    say(texts.gradient, now.gradientKnown ? (now.several ? `|grad| ${gradient}` : gradient) : "");
    say(texts.chain, reason);
  }

  fillBody(part, frame, focus) {
    const { group, texts, ref, kind } = part;
    const value = this.tape.values[ref];
    const gradient = this.tape.gradients[ref];
    const known = this.film.valueKnown(ref, frame);
    const back = this.film.gradientKnown(ref, frame);
    const failed = this.tape.failures.has(ref);
    const shown = [value, gradient, known, back, failed, focus === ref].join();
    if (shown === part.shown) return;
    part.shown = shown;
    const { share } = pen(gradient, this.tape.largest, this.style.weighted, false);
    const marks = [known || "future", back && hue(gradient), failed && "failed", focus === ref && "focus", ref === this.tape.output && "final"];
    group.setAttribute("class", ["body", kind, part.shape, ...marks.filter((m) => typeof m === "string")].join(" "));
    group.style.setProperty("--share", `${Math.round(share * 100)}%`);
    if (group.hasAttribute("role")) group.setAttribute("aria-label", this.words.spoken(ref, frame));
    if (texts.title) say(texts.title, this.title(part));
    if (texts.value) say(texts.value, known ? this.words.number(value) : "");
    if (texts.gradient) say(texts.gradient, back ? this.words.number(gradient) : "");
    if (texts.fill) texts.fill.setAttribute("class", back ? "fill" : "fill none");
  }

  title({ kind, ref, symbol, shape }) {
    const label = this.data.labels[ref];
    if (shape === "card") return kind === "operation" && label ? `${symbol} ${label}` : symbol || label || "·";
    if (kind === "operation") return symbol;
    if (kind === "output" || kind === "exit") return label || (kind === "exit" ? this.words.name(ref) : "output");
    return label || (kind === "entry" ? this.words.name(ref) : this.words.number(this.tape.values[ref]));
  }

  fillScope(part, frame, focus) {
    const scope = this.data.scopes[part.ref];
    const { outputs, parameters } = scope;
    const { words, tape, film } = this;
    const known = outputs.every((value) => film.valueKnown(value, frame));
    const back = outputs.every((value) => film.gradientKnown(value, frame));
    const here = focus >= 0 && this.holds(part.ref, focus);
    const numbers = [...outputs, ...(parameters.length < 500 ? parameters : [])];
    const shown = [known, back, here, ...numbers.map((v) => tape.values[v] + tape.gradients[v])].join();
    if (shown === part.shown) return;
    part.shown = shown;
    const alone = outputs.length === 1;
    const size = alone ? tape.gradients[outputs[0]] : norm(outputs.map((v) => tape.gradients[v]));
    const { hue, share } = pen(size, tape.largest, true, !alone);
    part.group.setAttribute("class", `body scope ${part.shape} ${known ? "" : "future"} ${back ? hue : ""} ${here ? "focus" : ""}`);
    part.group.style.setProperty("--share", `${Math.round(share * 100)}%`);
    const name = scope.name.at(-1);
    const lines = [];
    if (known && outputs.length <= 2) lines.push(...outputs.map((v) => ["value", `${words.name(v)} = ${words.number(tape.values[v])}`]));
    else if (known) lines.push(["value", `${outputs.length} outputs`]);
    if (back) lines.push(["gradient", alone ? words.number(size) : `|grad| ${words.number(size)}`]);
    if (parameters.length) lines.push(["parameters", `${parameters.length} parameters`]);
    lines.push(["small", `${scope.count} values`]);
    part.group.setAttribute("aria-label", `Scope ${scope.name.join(" / ")}, collapsed: ${lines.map(([, text]) => text).join(", ")}. Expand`);
    if (part.shape === "circle") {
      say(part.texts.value, known ? words.number(alone ? tape.values[outputs[0]] : outputs.length) : "");
      say(part.texts.gradient, back ? words.number(size) : "");
      return;
    }
    say(part.texts.title, `▸ ${name}`);
    const room = (part.height - 24) / lines.length;
    part.texts.lines.replaceChildren(...lines.map(([kind, text], i) => makeLine(kind, 0, room * (i + 0.5) + 4, text)));
  }

  /** The collapsed scope that a value is shown in, or 0. */
  shownIn(value, { flat, open }) {
    let shut = 0;
    for (let home = flat || value < 0 ? 0 : this.data.homes[value]; home > 0; home = this.data.scopes[home].parent) {
      if (!open.has(home)) shut = home;
    }
    return shut;
  }

  /** Whether a scope holds a value. */
  holds(scope, value) {
    for (let home = this.data.homes[value]; home > 0; home = this.data.scopes[home].parent) {
      if (home === scope) return true;
    }
    return false;
  }
}

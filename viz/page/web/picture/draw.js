// The picture: made anew when what is open changes; `fill.js` writes the numbers.
import { svg } from "../page/dom.js";
import { compose, unpack } from "./compose.js";
import { cable, curve, makeBody, makeRoom, makeTexts, middle } from "./figure.js";
import { extend, isSeen } from "./sight.js";
import { fillBody, fillFlow, fillScope } from "./fill.js";

/** Draws a graph into an element of SVG. */
export class Picture {
  constructor(root, data, tape, film, words) {
    Object.assign(this, { root, data, tape, film, words, style: data.style });
    const { value, gradient, bold } = data.style;
    root.classList.add(`inked-${value}`);
    if (gradient) root.classList.add("toned", `toned-${gradient}`);
    if (!bold) root.classList.add("thin");
  }

  /** Lay the picture out: a view of it, flat or with these scopes open. */
  arrange(view, isFlat, open) {
    view.scenes ??= view.scopes.map((scene) => scene && unpack(scene));
    this.scenes = view.scenes;
    const scene = isFlat ? unpack(view.flat) : view.scenes[0];
    const layout = compose(scene, (scope) => view.scenes[scope], open);
    this.vertical = view.vertical;
    this.size = [layout.width, layout.height];
    this.flows = new Map();
    for (const one of layout.cables) this.addCable(one);
    for (const one of layout.curves) this.addCurve(one);
    for (const wire of layout.wires) this.addWire(wire);
    this.parts = layout.bodies.map((body) => this.part(body));
    const name = (scope) => this.data.scopes[scope].name.at(-1);
    this.root.replaceChildren(
      ...layout.boxes.map((box) => makeRoom(box, name(box.ref))),
      ...this.lines(),
      ...[...this.flows.values()].map(({ label }) => label).filter(Boolean),
      ...this.parts.map(({ group }) => group),
    );
  }

  /** What flows along a wire, and all that shows it. */
  flow(wire) {
    if (!this.flows.has(wire)) {
      const { kind = "use", uses } = wire;
      const sources = this.tape.sourcesOf(uses);
      const place = kind === "trunk" || kind === "output" ? sources[0] : uses;
      const parts = { strokes: [], tips: [], heads: [], texts: [], shown: "", box: undefined };
      this.flows.set(wire, { kind, uses, sources, place, ...parts });
    }
    return this.flows.get(wire);
  }

  addCable({ points, flow, ref }) {
    const uses = this.flow(flow).uses.filter((use) => this.tape.uses[use].source === ref);
    const own = this.flow({ uses });
    own.strokes.push(cable(points, this.vertical));
    own.box = extend(own.box, points);
    own.isCable = true;
  }

  addCurve({ flow, points, tip }) {
    const own = this.flow(flow);
    own.strokes.push(curve(points));
    own.box = extend(own.box, points);
    if (tip) own.tips.push([points.at(-1), tip]);
  }

  addWire(wire) {
    const flow = this.flow(wire.flow);
    flow.strokes.push(middle(wire, this.vertical));
    flow.texts = makeTexts(wire, this.style.lines, this.vertical);
    flow.label = svg("g", {}, ...flow.texts.map(({ element }) => element));
  }

  /** A line for each flow, with its arrowheads. */
  lines() {
    return [...this.flows.values()].map((flow) => {
      flow.line = svg("path", { class: "line", d: flow.strokes.join("") });
      flow.heads = flow.tips.map(() => svg("polygon", { class: "head" }));
      flow.edge = svg("g", {}, flow.line, ...flow.heads);
      return flow.edge;
    });
  }

  part(body) {
    const { ref, kind } = body;
    const symbol = kind === "operation" ? this.data.symbols[ref] : "";
    const { group, texts } = makeBody(body, symbol);
    if (kind !== "fork" && kind !== "output") {
      group.setAttribute("tabindex", "-1");
      group.setAttribute(kind === "scope" ? "data-open" : "data-value", ref);
      if (kind !== "entry" && kind !== "exit") group.setAttribute("role", "button");
    }
    const { x, y, width, height } = body;
    const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    return { ...body, group, texts, symbol, box, shown: "" };
  }

  /** Write the numbers and colours of a frame, as far as the camera sees. */
  fill(frame, sight) {
    this.root.classList.toggle("far", sight.isFar);
    for (const flow of this.flows.values()) {
      if (isSeen(sight, flow.box)) fillFlow(this, flow, frame, sight.isFar);
    }
    for (const part of this.parts) {
      if (!isSeen(sight, part.box)) continue;
      if (part.kind === "scope") fillScope(this, part, frame);
      else fillBody(this, part, frame, sight.isFar);
    }
  }

  /** Whether a scope has an inside that was laid out. */
  opens(scope) {
    return Boolean(this.scenes[scope]);
  }

  /** Have the values say what they are at a frame; scopes always do. */
  speak(frame, parts = this.parts) {
    for (const { group, kind, ref } of parts) {
      if (kind === "scope" || !group.hasAttribute("role")) continue;
      group.setAttribute("aria-label", this.words.speakOf(ref, frame));
    }
  }

  /** The collapsed scope that a value is shown in, or 0. */
  shownIn(value, { flat, open }) {
    let shut = 0;
    for (let home = flat || value < 0 ? 0 : this.data.homes[value]; home > 0;) {
      if (!open.has(home)) shut = home;
      home = this.data.scopes[home].parent;
    }
    return shut;
  }

  /** Whether a scope holds a value. */
  holds(scope, value) {
    let home = value < 0 ? 0 : this.data.homes[value];
    while (home > 0 && home !== scope) home = this.data.scopes[home].parent;
    return home === scope;
  }
}

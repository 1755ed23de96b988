// Live leaves: a slider and a field for each, to drag or to type.
import { byId, html, say } from "./dom.js";
import { typed } from "./numbers.js";

const FIRST = 24;

/** The controls of the leaves. */
export class Leaves {
  constructor(words, changed) {
    this.words = words;
    this.tape = words.tape;
    this.changed = changed;
    this.controls = new Map();
    const all = [...this.tape.operands.keys()].filter((value) => this.tape.isLeaf(value) && words.data.kinds[value] !== "constant");
    this.all = all.sort((a, b) => this.rank(a) - this.rank(b) || a - b);
    this.setUp();
  }

  /** Inputs with a name come first, then parameters. */
  rank(value) {
    const named = this.words.data.labels[value] ? 0 : 1;
    return named + (this.words.data.kinds[value] === "parameter" ? 2 : 0);
  }

  setUp() {
    const { frozen } = this.words.data;
    byId("frozen").hidden = !frozen;
    say(byId("frozen"), frozen);
    byId("leaves").hidden = this.all.length === 0;
    this.list(this.all.slice(0, FIRST));
    const more = byId("more");
    more.hidden = this.all.length <= FIRST;
    say(more, `Show all ${this.all.length} leaves`);
    more.addEventListener("click", () => {
      this.list(this.all);
      more.hidden = true;
    });
    byId("reset").addEventListener("click", () => this.changed(new Map(), true));
  }

  list(leaves) {
    this.controls.clear();
    byId("sliders").replaceChildren(...leaves.map((leaf) => html("li", {}, ...this.control(leaf))));
    this.refresh();
  }

  /** A slider and a field for a leaf. */
  control(leaf) {
    const name = this.words.data.labels[leaf] || `${this.words.kind(leaf)} ${leaf}`;
    const off = this.tape.rows === null ? "" : undefined;
    const slider = html("input", { type: "range", "aria-label": name, disabled: off });
    const field = html("input", { type: "text", inputmode: "decimal", size: 9, spellcheck: "false", "aria-label": `${name}, typed`, disabled: off });
    this.span(slider, this.tape.values[leaf]);
    slider.addEventListener("input", () => this.set(leaf, Number(slider.value), false));
    slider.addEventListener("change", () => this.set(leaf, Number(slider.value), true));
    field.addEventListener("change", () => {
      const number = typed(field.value);
      field.setAttribute("aria-invalid", number === undefined);
      if (number === undefined) return;
      this.span(slider, number);
      this.set(leaf, number, true);
    });
    this.controls.set(leaf, { slider, field });
    return [html("span", { class: "name", title: name }, name), slider, field];
  }

  /** A round range around a number, a hundred steps to each side. */
  span(slider, number) {
    const center = Number.isFinite(number) ? number : 0;
    const size = Math.max(1, 2 * Math.abs(center));
    const step = 10 ** Math.floor(Math.log10(size / 50));
    slider.step = step;
    slider.min = center - 100 * step * Math.ceil(size / (100 * step));
    slider.max = center + 100 * step * Math.ceil(size / (100 * step));
    slider.value = center;
  }

  set(leaf, number, done) {
    const leaves = new Map(this.tape.changed);
    leaves.set(leaf, number);
    this.changed(leaves, done);
  }

  /** Show the values of the leaves in their controls. */
  refresh() {
    for (const [leaf, { slider, field }] of this.controls) {
      const number = this.tape.values[leaf];
      if (document.activeElement !== slider) {
        if (number < Number(slider.min) || number > Number(slider.max)) this.span(slider, number);
        slider.value = number;
      }
      if (document.activeElement !== field || field.getAttribute("aria-invalid") !== "true") {
        field.value = String(number);
        field.removeAttribute("aria-invalid");
      }
      slider.setAttribute("aria-valuetext", this.words.number(number));
      slider.parentElement.classList.toggle("changed", this.tape.changed.has(leaf));
    }
    byId("reset").hidden = this.tape.changed.size === 0;
  }
}

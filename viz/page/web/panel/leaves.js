// Live leaves: a slider and a field for each, to drag or to type.
import { byId, html, say } from "../page/dom.js";
import { parseTyped } from "../graph/numbers.js";

const FIRST = 24;

/** The controls of the leaves. */
export class Leaves {
  constructor(words, changed) {
    this.words = words;
    this.tape = words.tape;
    this.changed = changed;
    this.controls = []; // [leaf, slider, field]
    this.listed = 0;
    const all = [...this.tape.operands.keys()].filter(
      (value) => this.tape.isLeaf(value) && words.data.kinds[value] !== "constant",
    );
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
    const own = this.controls.slice(this.listed);
    this.controls = [];
    byId("sliders").replaceChildren(...leaves.map((leaf) => html("li", {}, ...this.control(leaf))));
    this.listed = this.controls.length;
    this.controls.push(...own);
    this.refresh();
  }

  /** The control of the selected leaf; none for -1. */
  own(leaf) {
    this.controls.length = this.listed;
    byId("own").replaceChildren(...(leaf < 0 ? [] : this.control(leaf)));
    this.refresh();
  }

  /** A slider and a field for a leaf. */
  control(leaf) {
    const { labels } = this.words.data;
    const name = labels[leaf] || `${this.words.kind(leaf)} ${leaf}`;
    const place = this.words.place(leaf).split(" / ").slice(0, -1);
    const full = [...place, name].join(" / ");
    const off = this.tape.rows === null ? "" : undefined;
    const slider = html("input", { type: "range", "aria-label": full, disabled: off });
    const field = html("input", {
      type: "text",
      inputmode: "decimal",
      spellcheck: "false",
      "aria-label": `${full}, typed`,
      disabled: off,
    });
    this.span(slider, this.tape.values[leaf]);
    slider.addEventListener("input", () => this.drag(leaf, slider));
    slider.addEventListener("change", () => this.set(leaf, Number(slider.value), true));
    field.addEventListener("change", () => this.read(leaf, slider, field));
    field.addEventListener("blur", () => this.refresh());
    this.controls.push([leaf, slider, field]);
    const where = place.length ? html("small", {}, ` ${place.at(-1)}`) : undefined;
    return [html("span", { class: "name", title: full }, name, where), slider, field];
  }

  /** Take what was typed. */
  read(leaf, slider, field) {
    const number = parseTyped(field.value);
    field.setAttribute("aria-invalid", number === undefined);
    if (number === undefined) return;
    this.span(slider, number);
    this.set(leaf, number, true);
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

  /** At most one change a frame of the screen, however fast the pointer moves. */
  drag(leaf, slider) {
    if (!this.waiting) requestAnimationFrame(() => this.waiting());
    this.waiting = () => {
      this.waiting = undefined;
      this.set(leaf, Number(slider.value), false);
    };
  }

  set(leaf, number, done) {
    const leaves = new Map(this.tape.changed);
    leaves.set(leaf, number);
    this.changed(leaves, done);
  }

  /** Show the values of the leaves in their controls. */
  refresh() {
    const active = document.activeElement;
    for (const [leaf, slider, field] of this.controls) {
      const number = this.tape.values[leaf];
      if (active !== slider && Number(slider.value) !== number) {
        if (!(number >= Number(slider.min) && number <= Number(slider.max)))
          this.span(slider, number);
        slider.value = number;
      }
      if (active !== field) {
        field.value = String(number);
        field.removeAttribute("aria-invalid");
      }
      slider.setAttribute("aria-valuetext", this.words.number(number));
      slider.parentElement.classList.toggle("changed", this.tape.changed.has(leaf));
    }
    byId("reset").hidden = this.tape.changed.size === 0;
  }
}

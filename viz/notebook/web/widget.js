/**
 * The browser's half of viz.widget: sliders, numbers, the picture.
 *
 * It asks Python for numbers through `_asked`, one request at a time, so that a slow
 * kernel is never behind by more than one; what moves meanwhile goes with the next. It
 * draws what the other traits say. Names are text, never markup.
 */

const LATE = 400; // ms until the widget says that it waits
const LOST = 10000; // ms after which no answer is expected any more

let views = 0;

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.remove();
}

export default { render };

class View {
  constructor(model, el) {
    this.model = model;
    this.id = `v${++views}-${Math.random().toString(36).slice(2)}`;
    this.rows = new Map();
    this.wanted = new Map(); // numbers not asked for yet, by name
    this.moving = new Map(); // those asked for last, until they are reached
    this.asking = null; // the request that has no answer yet
    this.requests = 0;
    this.frame = 0;
    this.build(el);
    this.theme = new Theme(this.root, (name) => this.ask([], name));
    this.listeners = ["_sliders", "_colors", "_svg", "_shown"].map((name) => [
      `change:${name}`,
      () => this.later(),
    ]);
    for (const [event, listener] of this.listeners) model.on(event, listener);
    this.update();
    this.theme.start();
  }

  remove() {
    for (const [event, listener] of this.listeners) this.model.off(event, listener);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.alarm);
    this.theme.stop();
  }

  build(el) {
    this.note = make("p", "note");
    this.status = make("p", "status", { role: "status" });
    this.error = make("p", "error", { role: "alert" });
    this.picture = make("div", "picture", { role: "img" });
    this.head = { leaf: make("span"), value: make("span"), gradient: make("span") };
    this.head.leaf.textContent = "leaf";
    this.head.value.textContent = "value";
    const head = make("div", "row head", { "aria-hidden": "true" });
    head.append(this.head.leaf, make("span"), this.head.value, this.head.gradient);
    this.grid = make("div", "rows", { role: "group", "aria-label": "leaves" });
    this.grid.append(head);
    this.result = make("output", "result");
    this.reset = make("button", "reset", { type: "button" });
    this.reset.textContent = "reset";
    this.reset.addEventListener("click", () => this.toStart());
    const foot = make("div", "foot");
    foot.append(this.result, this.status, this.reset);
    // Keys move sliders here, and are no shortcuts of the notebook.
    this.root = make("div", "dotgrad-widget", { "data-lm-suppress-shortcuts": "true" });
    this.root.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    this.root.append(this.grid, foot, this.error, this.note, this.picture);
    el.append(this.root);
  }

  // -- asking ------------------------------------------------------------------

  /** Have some leaves moved, or the picture drawn for another theme. */
  ask(numbers, theme) {
    this.typo = "";
    for (const [name, x] of numbers) this.wanted.set(name, x);
    if (theme) this.wantedTheme = theme;
    this.later();
  }

  toStart() {
    const sliders = this.model.get("_sliders");
    for (const { name, start } of sliders) this.rows.get(name).show(start);
    this.ask(sliders.map(({ name, start }) => [name, start]));
  }

  /** Once a frame is often enough, for asking and for drawing. */
  later() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.update();
      this.send();
    });
  }

  send() {
    const nothing = !this.wantedTheme && this.wanted.size === 0;
    const busy = this.asking !== null && performance.now() - this.since < LOST;
    if (nothing || busy) return;
    this.asking = `${this.id}:${++this.requests}`;
    this.since = performance.now();
    const asked = { request: this.asking, numbers: [...this.wanted] };
    if (this.wantedTheme) asked.theme = this.wantedTheme;
    this.moving = this.wanted;
    this.wanted = new Map();
    this.wantedTheme = undefined;
    this.model.set("_asked", asked);
    this.model.save_changes();
    clearTimeout(this.alarm);
    this.alarm = setTimeout(() => this.wait(true), LATE);
  }

  wait(waiting) {
    this.status.textContent = waiting ? "waiting for Python …" : "";
    this.root.classList.toggle("waiting", waiting);
  }

  // -- showing -----------------------------------------------------------------

  update() {
    const shown = this.model.get("_shown");
    if (this.asking !== null && shown.request === this.asking) {
      this.asking = null;
      if (shown.error === "") this.moving.clear();
      clearTimeout(this.alarm);
      this.wait(false);
    }
    this.paint(this.model.get("_colors"));
    this.showRows(shown);
    this.head.gradient.textContent = `∂${shown.label} / ∂leaf`;
    this.result.textContent = `${shown.label} = ${shown.value}`;
    this.note.textContent = shown.note;
    this.error.textContent = this.typo || shown.error;
    this.root.classList.toggle("failed", shown.error !== "");
    this.showPicture(this.model.get("_svg"), this.result.textContent);
  }

  paint(colors) {
    for (const [name, color] of Object.entries(colors))
      this.root.style.setProperty(`--${name}`, color);
  }

  showRows(shown) {
    this.model.get("_sliders").forEach((slider, i) => {
      const { name } = slider;
      if (!this.rows.has(name)) this.addRow(slider);
      const row = this.rows.get(name);
      const { x, gradient, color } = shown.rows[i];
      row.reach(slider);
      row.showGradient(shown.label, gradient, color);
      const refused = shown.error !== "" && this.moving.has(name);
      const underway = this.wanted.has(name) || (this.asking && this.moving.has(name));
      if (!underway && !refused) row.show(x);
      if (refused) row.refuse(true);
    });
  }

  addRow(slider) {
    const moved = (x) => this.ask([[slider.name, x]]);
    const refused = (why) => {
      this.typo = why;
      this.later();
    };
    const row = new Row(slider, `${this.id}-${this.rows.size}`, moved, refused);
    this.rows.set(slider.name, row);
    this.grid.append(row.element);
  }

  showPicture(svg, result) {
    this.picture.setAttribute("aria-label", `computational graph, ${result}`);
    if (svg === this.drawn) return;
    this.drawn = svg;
    // Read as XML: no script in it would run, and nothing outside is asked for.
    const read = new DOMParser().parseFromString(svg, "image/svg+xml");
    const image = document.importNode(read.documentElement, true);
    this.picture.replaceChildren(image);
    // The page below must not jump while a slider moves.
    const { height } = this.picture.getBoundingClientRect();
    this.tallest = Math.max(this.tallest ?? 0, height);
    this.picture.style.minHeight = `${this.tallest}px`;
  }
}

/** A leaf: its name, slider, number and gradient. */
class Row {
  constructor(slider, id, moved, refused) {
    this.slider = slider;
    this.moved = moved;
    this.refused = refused;
    this.label = make("label", "name", { for: id, title: slider.name });
    this.label.textContent = slider.name;
    this.range = make("input", "range", { type: "range", id });
    this.box = make("input", "number", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `${slider.name}, number`,
    });
    this.gradient = make("output", "gradient", { for: id });
    this.element = make("div", "row");
    this.element.append(this.label, this.range, this.box, this.gradient);
    this.range.addEventListener("input", () => this.go(Number(this.range.value)));
    this.box.addEventListener("input", () => (this.typing = true));
    this.box.addEventListener("change", () => this.readBox());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focus", () => this.show(this.x));
    this.box.addEventListener("blur", () => this.show(this.x));
  }

  go(x) {
    this.typing = false;
    this.show(x);
    this.moved(x);
  }

  readBox() {
    const text = this.box.value.trim().replace("−", "-").replace(",", ".");
    const x = text === "" ? NaN : Number(text);
    if (Number.isFinite(x)) this.go(x);
    else this.refused(`${this.slider.name}: “${this.box.value}” is no number`);
    this.refuse(!Number.isFinite(x));
  }

  key(event) {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps) {
      event.preventDefault();
      this.go(tidy(this.x + steps * this.slider.step));
    } else if (event.key === "Escape") this.go(this.x);
  }

  /** The number where the leaf is; what somebody is typing is left alone. */
  show(x) {
    this.x = x;
    this.range.value = x;
    this.range.setAttribute("aria-valuetext", format(x, 6));
    if (this.typing) return;
    const exact = this.box.getRootNode().activeElement === this.box;
    const text = exact ? format(x, 17) : format(x, 6);
    if (this.box.value !== text) this.box.value = text;
    this.box.title = format(x, 17);
    this.refuse(false);
  }

  refuse(refused) {
    this.box.setAttribute("aria-invalid", refused);
  }

  reach(slider) {
    if (this.reached === JSON.stringify(slider)) return;
    this.reached = JSON.stringify(slider);
    this.slider = slider;
    this.range.min = slider.low;
    this.range.max = slider.high;
    this.range.step = slider.step;
  }

  showGradient(label, text, color) {
    this.gradient.textContent = text;
    this.gradient.style.color = color;
    this.gradient.setAttribute("aria-label", `∂${label}/∂${this.slider.name} = ${text}`);
  }
}

/** Without the noise of binary fractions in the last digits. */
function tidy(x, digits = 12) {
  return Number(x.toPrecision(digits));
}

/** The shortest text of a number of so many digits. */
function format(x, digits) {
  return String(digits < 17 ? tidy(x, digits) : x).replace("-", "−");
}

function make(tag, className = "", attributes = {}) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

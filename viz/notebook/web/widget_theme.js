/** Whether the page around is dark, now and when that changes. */
class Theme {
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    this.seen = "light"; // what Python begins with
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.look = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.check(), 150); // style sheets come later
    };
    this.observer = new MutationObserver(this.look);
  }

  start() {
    for (const element of [document.documentElement, document.body])
      this.observer.observe(element, { attributes: true });
    this.system.addEventListener("change", this.look);
    this.waiting = requestAnimationFrame(() => this.check()); // when it is in the page
  }

  stop() {
    this.observer.disconnect();
    this.system.removeEventListener("change", this.look);
    clearTimeout(this.timer);
    cancelAnimationFrame(this.waiting);
  }

  check() {
    const name = this.isDark() ? "dark" : "light";
    if (name !== this.seen) this.changed(name);
    this.seen = name;
  }

  isDark() {
    let element = this.element.parentNode;
    while (element) {
      if (element instanceof Element) {
        const [r, g, b, a] = pixel(getComputedStyle(element).backgroundColor);
        if (a > 127) return 0.3 * r + 0.59 * g + 0.11 * b < 128;
      }
      element = element.parentNode ?? element.host;
    }
    return this.system.matches;
  }
}

/** A colour in any notation as red, green, blue and opacity, 0 to 255. */
function pixel(color) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

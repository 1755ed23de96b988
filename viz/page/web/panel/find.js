// Search: values by their label or operation.
import { byId, html } from "../page/dom.js";

const MOST = 30;

/** The values that are found, and the choice of one of them. */
export class Find {
  constructor(words, choose) {
    Object.assign(this, { words, choose, field: byId("query"), list: byId("found") });
    this.field.addEventListener("input", () => this.show());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("keydown", (event) => this.key(event));
  }

  search(query) {
    const text = query.trim().toLowerCase();
    if (!text) return [];
    const { labels, symbols } = this.words.data;
    const rank = (value) => {
      const label = labels[value].toLowerCase();
      if (label === text) return 0;
      if (label.startsWith(text)) return 1;
      if (label.includes(text)) return 2;
      const names = [symbols[value], this.words.kind(value)].map((name) => name.toLowerCase());
      return names.some((name) => name.startsWith(text)) ? 3 : Infinity;
    };
    const ranked = labels.map((_, value) => [rank(value), value]).filter(([r]) => r < Infinity);
    return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, value]) => value);
  }

  show() {
    const found = this.search(this.field.value);
    const rows = found.slice(0, MOST).map((value) => {
      const button = html("button", { title: this.words.place(value) }, this.words.describe(value));
      button.addEventListener("click", () => this.choose(value));
      return html("li", {}, button);
    });
    if (found.length > MOST) rows.push(html("li", {}, `and ${found.length - MOST} more`));
    if (found.length === 0 && this.field.value.trim())
      rows.push(html("li", {}, "nothing has this name"));
    this.list.hidden = rows.length === 0;
    this.list.replaceChildren(...rows);
  }

  key(event) {
    const buttons = [...this.list.querySelectorAll("button")];
    const place = buttons.indexOf(document.activeElement);
    if (event.key === "Enter" && place < 0 && buttons.length) buttons[0].click();
    else if (event.key === "ArrowDown") buttons[Math.min(place + 1, buttons.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (place > 0 ? buttons[place - 1] : this.field).focus();
    else if (event.key === "Escape") {
      this.field.value = "";
      this.show();
      this.field.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

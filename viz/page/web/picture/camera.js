// Pan and zoom: by wheel, by dragging, with two fingers, by buttons and keys.

/** Moves the contents of an svg element. */
export class Camera {
  constructor(frame, content, changed) {
    Object.assign(this, { frame, content, changed, scale: 1, x: 0, y: 0, fitted: true });
    this.size = [1, 1];
    this.pointers = new Map();
    this.measure();
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.down(event));
    frame.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"])
      frame.addEventListener(end, (event) => this.up(event));
    new ResizeObserver(() => this.resize()).observe(frame);
  }

  /** The size of the frame, read once: reading it makes the browser lay out. */
  measure() {
    this.width = this.frame.clientWidth;
    this.height = this.frame.clientHeight;
  }

  resize() {
    this.measure();
    if (this.fitted) this.fit();
    this.changed();
  }

  /** Whether there is more room downwards than across. */
  isNarrow() {
    return this.width < 620 && this.height > this.width * 0.9;
  }

  /** Show a picture of this size as a whole. */
  show(size) {
    this.size = size;
    this.fit();
  }

  /** The whole picture; on a narrow screen no smaller than can be read, from its top. */
  fit() {
    const { width, height } = this;
    const [w, h] = this.size;
    const across = (width - 24) / w;
    const whole = Math.min(across, (height - 24) / h, 2.2);
    this.scale = Math.max(0.01, whole, this.isNarrow() ? Math.min(across, 0.85) : 0);
    this.x = (width - w * this.scale) / 2;
    this.y = Math.max(12, (height - h * this.scale) / 2);
    this.fitted = true;
    this.apply();
  }

  /** Zoom by a factor, around a point of the frame. */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(20, Math.max(0.02, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.apply();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.apply();
  }

  /** Bring an element of the picture into view, if it is not. */
  reveal(element) {
    const box = element.getBoundingClientRect();
    const view = this.frame.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (x > view.left + 20 && x < view.right - 20 && y > view.top + 20 && y < view.bottom - 50)
      return;
    this.pan((view.left + view.right) / 2 - x, (view.top + view.bottom) / 2 - y);
  }

  apply() {
    this.content.setAttribute(
      "transform",
      `translate(${this.x.toFixed(2)} ${this.y.toFixed(2)}) scale(${this.scale.toFixed(4)})`,
    );
    this.changed();
  }

  wheel(event) {
    event.preventDefault();
    const box = this.frame.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(
      Math.exp(-event.deltaY * lines * 0.0015),
      event.clientX - box.left,
      event.clientY - box.top,
    );
  }

  down(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.dragged = false;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    if (!this.dragged && Math.hypot(dx, dy) < 4) return;
    if (!this.dragged) this.frame.setPointerCapture(event.pointerId);
    this.dragged = true;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    if (others.length === 0) return this.pan(dx, dy);
    const [x, y] = others[0][1];
    const box = this.frame.getBoundingClientRect();
    const apart = (point) => Math.hypot(point[0] - x, point[1] - y) || 1;
    this.zoom(apart([event.clientX, event.clientY]) / apart(before), x - box.left, y - box.top);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }
}

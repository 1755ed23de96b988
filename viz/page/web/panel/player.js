// Through the frames: buttons, slider, and play.
import { byId, say } from "../page/dom.js";

/** The controls of the film; `go(frame, done)` shows a frame. */
export class Player {
  constructor(film, steps, go) {
    Object.assign(this, { film, steps, go, timer: 0 });
    this.slider = byId("step");
    this.slider.max = film.total;
    const on = (id, act) => byId(id).addEventListener("click", act);
    on("first", () => this.jump(1));
    on("last", () => this.jump(film.total));
    on("back", () => this.step(-1));
    on("forward", () => this.step(1));
    on("play", () => this.toggle());
    this.slider.addEventListener("input", () => this.jump(Number(this.slider.value), false));
    this.slider.addEventListener("change", () => this.jump(Number(this.slider.value)));
    byId("pace").addEventListener("change", () => this.timer && this.play());
  }

  jump(frame, done = true) {
    this.stop();
    this.go(frame, done);
  }

  step(by) {
    this.jump(by > 0 ? this.steps.forward(this.frame) : this.steps.back(this.frame));
  }

  toggle() {
    if (this.timer) return this.stop();
    if (this.frame >= this.film.total) this.go(1, false);
    this.play();
  }

  play() {
    clearInterval(this.timer);
    this.timer = setInterval(
      () => {
        this.go(this.steps.forward(this.frame), false);
        if (this.frame >= this.film.total) this.stop();
      },
      Number(byId("pace").value),
    );
    say(byId("play"), "Pause");
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    say(byId("play"), "Play");
    this.go(this.frame, true);
  }

  /** Show where the film is. */
  show(frame) {
    this.frame = frame;
    this.slider.value = frame;
    const text = `${frame}/${this.film.total}  ${this.steps.describe(frame)}`;
    this.slider.setAttribute("aria-valuetext", text);
    say(byId("caption"), text);
    byId("back").disabled = byId("first").disabled = frame <= 1;
    byId("forward").disabled = byId("last").disabled = frame >= this.film.total;
  }
}

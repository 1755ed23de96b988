// Steps through the frames: those inside of one collapsed scope are one step.

/** The steps of a film, for what is collapsed now. */
export class Steps {
  /** @param hiddenIn the collapsed scope that a value is in, or 0 */
  constructor(film, hiddenIn, nameOf) {
    Object.assign(this, { film, hiddenIn, nameOf });
  }

  /** What the frames of one step have in common; undefined for a step of its own. */
  key(frame) {
    if (frame < 1 || frame > this.film.total) return undefined;
    const scope = this.hiddenIn(this.film.focus(frame));
    const kind = this.film.kind(frame);
    return scope > 0 ? `${kind === "meet" ? "backward" : kind} ${scope}` : undefined;
  }

  /** The frame at the end of the step that a frame is in, or at its begin. */
  edge(frame, by) {
    const key = this.key(frame);
    while (key !== undefined && this.key(frame + by) === key) frame += by;
    return frame;
  }

  forward(frame) {
    const end = this.edge(frame, 1);
    return end > frame ? end : this.edge(Math.min(frame + 1, this.film.total), 1);
  }

  back(frame) {
    return Math.max(1, this.edge(frame, -1) - 1);
  }

  /** The equation of a frame, or what the step does that it is in. */
  describe(frame) {
    const key = this.key(frame);
    const [first, last] = [this.edge(frame, -1), this.edge(frame, 1)];
    if (key === undefined || first === last) return this.film.equation(frame);
    const [kind, scope] = key.split(" ");
    return `${kind} through ${this.nameOf(Number(scope))}: frames ${first} to ${last}`;
  }
}

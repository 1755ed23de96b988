// Scenes inside of scenes: where everything stands when some scopes are open.
//
// An open scope takes more room than its card. The scene around it is stretched, like
// rubber, where the card was: all that is right of it moves right, all below moves down.

const PAD = 12;
const TITLE = 22;

/** The lists that Python wrote, as objects. */
export function unpack([width, height, bodies, wires, curves]) {
  const names = ["name", "kind", "shape", "ref", "x", "y", "width", "height"];
  return {
    width,
    height,
    bodies: bodies.map((list) => Object.fromEntries(names.map((name, i) => [name, list[i]]))),
    wires: wires.map(([name, kind, uses, x, y, length, sentences]) => {
      return { name, kind, uses, x, y, length, sentences };
    }),
    curves: curves.map(([tail, head, points, tip, uses]) => ({ tail, head, points, tip, uses })),
  };
}

/**
 * One picture of a scene and of those in its open scopes.
 *
 * @param scene what `unpacked` gives
 * @param inside the scene of a scope, by its number
 * @param open the numbers of the open scopes
 */
export function compose(scene, inside, open) {
  const opened = new Map();
  for (const body of scene.bodies) {
    if (body.kind === "scope" && open.has(body.ref) && inside(body.ref)) {
      opened.set(body.name, compose(inside(body.ref), inside, open));
    }
  }
  const across = stretch(scene, opened, "x", "width", 2 * PAD);
  const down = stretch(scene, opened, "y", "height", TITLE + PAD);
  const layout = {
    width: across(scene.width),
    height: down(scene.height),
    bodies: [],
    wires: [],
    curves: [],
    boxes: [],
    cables: [],
  };
  const moved = new Map();
  for (const part of [...scene.bodies, ...scene.wires]) {
    const place = { ...part, flow: part, x: across(part.x), y: down(part.y) };
    if (opened.has(part.name)) continue;
    moved.set(part.name, [place.x - part.x, place.y - part.y]);
    (part.shape ? layout.bodies : layout.wires).push(place);
  }
  const curves = scene.curves.map((curve) =>
    attachWire(curve, bend(curve, moved, across, down), scene),
  );
  for (const body of scene.bodies.filter(({ name }) => opened.has(name))) {
    nest(layout, body, opened.get(body.name), across, down, curves);
  }
  layout.curves.unshift(...curves);
  return layout;
}

/** Maps a coordinate to where it is once the open cards have the room they need. */
function stretch(scene, opened, axis, size, around) {
  const cards = scene.bodies.filter(({ name }) => opened.has(name));
  const spans = cards.map((card) => {
    const needed = opened.get(card.name)[size] + around;
    return [card[axis] - card[size] / 2, card[axis] + card[size] / 2, needed / card[size]];
  });
  const cuts = [...new Set(spans.flatMap(([from, to]) => [from, to]))].sort((a, b) => a - b);
  const parts = cuts.slice(1).map((end, i) => {
    const over = spans.filter(([from, to]) => from <= cuts[i] && end <= to);
    return [cuts[i], end, Math.max(1, ...over.map(([, , factor]) => factor)) - 1];
  });
  return (x) =>
    parts.reduce(
      (sum, [from, to, more]) => sum + (Math.min(Math.max(x, from), to) - from) * more,
      x,
    );
}

/** A curve whose ends stay at what they lead from and to. */
function bend(curve, moved, across, down) {
  const last = curve.points.length - 2;
  const move = (name, [x, y]) => {
    const by = moved.get(name);
    return by ? [x + by[0], y + by[1]] : [across(x), down(y)];
  };
  const points = curve.points.map((point, i) => {
    if (i < 2) return move(curve.tail, point);
    return i >= last ? move(curve.head, point) : [across(point[0]), down(point[1])];
  });
  return { ...curve, points, tip: curve.tip && move(curve.head, curve.tip) };
}

/** A curve and what flows along it: that of the wire it leads to or comes from. */
function attachWire(curve, placed, scene) {
  scene.byName ??= new Map(scene.wires.map((wire) => [wire.name, wire]));
  return { ...placed, flow: scene.byName.get(curve.head) ?? scene.byName.get(curve.tail) ?? curve };
}

/** Put the picture of an open scope into the box that its card has become. */
function nest(layout, body, inner, across, down, curves) {
  const left = across(body.x - body.width / 2);
  const right = across(body.x + body.width / 2);
  const top = down(body.y - body.height / 2);
  const bottom = down(body.y + body.height / 2);
  const dx = (left + right - inner.width) / 2;
  const dy = (top + TITLE + bottom - PAD + 4 - inner.height) / 2;
  layout.boxes.push({ ref: body.ref, x: left, y: top, width: right - left, height: bottom - top });
  const at = (part) => ({ ...part, x: part.x + dx, y: part.y + dy });
  const shift = (points) => points.map(([x, y]) => [x + dx, y + dy]);
  const bodies = inner.bodies.map(at);
  layout.bodies.push(...bodies);
  layout.wires.push(...inner.wires.map(at));
  layout.boxes.push(...inner.boxes.map(at));
  layout.curves.push(
    ...inner.curves.map((p) => ({ ...p, points: shift(p.points), tip: p.tip && shift([p.tip])[0] })),
  );
  layout.cables.push(...inner.cables.map((c) => ({ ...c, points: shift(c.points) })));
  const own = bodies.filter((part) => part.depth === undefined);
  for (const part of bodies) part.depth = (part.depth ?? 0) + 1;
  layout.cables.push(...makeCables(body, own, curves));
}

/** From where a curve meets the box of a scope to each value inside that it carries. */
function makeCables(body, bodies, curves) {
  const found = [];
  for (const curve of curves) {
    const sides = [];
    if (curve.head === body.name) sides.push(["entry", curve.tip ?? curve.points.at(-1)]);
    if (curve.tail === body.name) sides.push(["exit", curve.points[0]]);
    for (const [kind, point] of sides) {
      for (const end of bodies.filter((part) => part.kind === kind)) {
        const points = kind === "entry" ? [point, [end.x, end.y]] : [[end.x, end.y], point];
        found.push({ points, flow: curve.flow, ref: end.ref });
      }
    }
  }
  return found;
}

// The elements of a picture, made from its layout; `draw.js` fills them with numbers.
import { svg } from "./dom.js";

const round = (x) => Math.round(x * 10) / 10;
const spot = ([x, y]) => `${round(x)},${round(y)}`;

/** The curve through the points of cubic splines. */
export function curve(points) {
  return `M${spot(points[0])}C${points.slice(1).map(spot).join(" ")}`;
}

/** An arrowhead from the end of a line to its tip, for a line of this width. */
export function arrow([x, y], [tipX, tipY], width) {
  const length = Math.hypot(tipX - x, tipY - y) || 1;
  const half = (1.9 + 0.6 * width) / length;
  const [dx, dy] = [(tipY - y) * half, (x - tipX) * half];
  return [[x + dx, y + dy], [tipX, tipY], [x - dx, y - dy]].map(spot).join(" ");
}

/** A line of text in the middle of x. */
export function makeLine(kind, x, y, text = "") {
  return svg("text", { class: kind, x: round(x), y: round(y) }, text);
}

/** A wire: its middle, and the lines above and below. */
export function makeWire({ x, y, width, what }, vertical) {
  const dx = width / 2 + 0.8;
  const texts = vertical
    ? { name: makeLine("name before", x - 6, y - 9), value: makeLine("value before", x - 6, y + 4), gradient: makeLine("gradient after", x + 6, y - 1), chain: makeLine("chain after", x + 6, y + 9) }
    : { name: makeLine("name", x, y - 17), value: makeLine("value", x, y - 5), gradient: makeLine("gradient", x, y + 12), chain: makeLine("chain", x, y + 21.5) };
  const middle = svg("path", { class: "line", d: vertical ? `M${x},${y - 14}V${y + 14}` : `M${round(x - dx)},${y}H${round(x + dx)}` });
  const group = svg("g", { class: `wire ${what}` }, middle, ...Object.values(texts));
  return { group, middle, texts };
}

/** A path with its arrowhead, if it has one. */
export function makePath({ points, tip }) {
  const stroke = svg("path", { class: "line", d: curve(points) });
  const head = tip && svg("polygon", { class: "head" });
  return { group: svg("g", { class: "edge" }, stroke, head), stroke, head, last: points.at(-1), tip };
}

/** A cable inside of the box of a scope. */
export function makeCable([[x, y], [endX, endY]], vertical) {
  const bend = vertical ? [[x, (y + endY) / 2], [endX, (y + endY) / 2]] : [[(x + endX) / 2, y], [(x + endX) / 2, endY]];
  return svg("path", { class: "line cable", d: curve([[x, y], ...bend, [endX, endY]]) });
}

/** The shape of a body, around 0,0, with the lines of text that it has room for. */
export function makeBody({ kind, shape, width, height, x, y }, symbol) {
  const group = svg("g", { class: `body ${kind}`, transform: `translate(${round(x)} ${round(y)})` });
  const [w, h] = [width / 2, height / 2];
  const texts = {};
  if (shape === "point") group.append(svg("circle", { class: "shape", r: w }));
  else if (shape === "circle") group.append(svg("circle", { class: "shape", r: w }));
  else if (shape !== "text") {
    const corners = shape === "card" ? 3 : 5;
    group.append(svg("rect", { class: "shape", x: -w, y: -h, width, height, rx: corners }));
  }
  if (shape === "card") card(group, texts, kind, width, height);
  else if (shape === "circle" && kind !== "operation") {
    texts.title = makeLine("value", 0, kind === "scope" ? -30 : -5);
    texts.value = makeLine("value", 0, kind === "scope" ? 0 : 10);
    texts.gradient = makeLine("gradient", 0, 12);
    if (kind !== "scope") delete texts.gradient;
    else delete texts.title;
    group.append(...Object.values(texts));
  } else if (shape !== "point") {
    const size = kind === "operation" ? ([...symbol].length === 1 ? "sign" : "word") : "label";
    texts.title = makeLine(size, 0, size === "sign" ? 6 : 4.5);
    group.append(texts.title);
  }
  return { group, texts };
}

function card(group, texts, kind, width, height) {
  const [w, h] = [width / 2, height / 2];
  const rows = kind === "scope" ? 0 : 3;
  const band = rows ? height / rows : 24;
  group.append(svg("path", { class: "band", d: `M${-w},${band - h}V${3 - h}q0,-3 3,-3H${w - 3}q3,0 3,3V${band - h}Z` }));
  texts.title = makeLine("title", 0, -h + band / 2 + 4.5);
  if (rows) {
    texts.value = makeLine("value", 0, 4.5);
    const fill = svg("path", { class: "fill", d: `M${-w},${h - band}V${h - 3}q0,3 3,3H${w - 3}q3,0 3,-3V${h - band}Z` });
    group.append(fill);
    texts.gradient = makeLine("gradient", 0, h - band / 2 + 4.5);
    texts.fill = fill;
  } else texts.lines = svg("g", { transform: `translate(0 ${band - h})` });
  group.append(...[texts.title, texts.value, texts.gradient, texts.lines].filter(Boolean));
}

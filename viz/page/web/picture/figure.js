// The elements of a picture, made from its layout; `fill.js` writes the numbers.
import { svg } from "../page/dom.js";

const round = (x) => Math.round(x * 10) / 10;
const spot = ([x, y]) => `${round(x)},${round(y)}`;

/** The curve through the points of cubic splines. */
export function curve(points) {
  return `M${spot(points[0])}C${points.slice(1).map(spot).join(" ")}`;
}

/** A cable inside of the box of a scope. */
export function cable([[x, y], [endX, endY]], vertical) {
  const [midX, midY] = [(x + endX) / 2, (y + endY) / 2];
  const bend = vertical ? [[x, midY], [endX, midY]] : [[midX, y], [midX, endY]]; // prettier-ignore
  return curve([[x, y], ...bend, [endX, endY]]);
}

/** The middle of a wire, a bit longer than the gap between both ends. */
export function middle({ x, y, length }, vertical) {
  const half = length / 2 + 0.3;
  if (vertical) return `M${round(x)},${round(y - half)}V${round(y + half)}`;
  return `M${round(x - half)},${round(y)}H${round(x + half)}`;
}

/** An arrowhead from the end of a line to its tip, for a line of this width. */
export function arrow([x, y], [tipX, tipY], width) {
  const length = Math.hypot(tipX - x, tipY - y) || 1;
  const half = (1.9 + 0.6 * width) / length;
  const [dx, dy] = [(tipY - y) * half, (x - tipX) * half];
  const corners = [[x + dx, y + dy], [tipX, tipY], [x - dx, y - dy]]; // prettier-ignore
  return corners.map(spot).join(" ");
}

/** A line of text in the middle of x. */
export function makeLine(kind, x, y, text = "") {
  return svg("text", { class: kind, x: round(x), y: round(y) }, text);
}

/** The lines of text beside a wire, empty as yet; an arrow between cards needs elements
 * for those only that say something of it. */
export function makeTexts({ x, y, kind, sentences }, lines, vertical) {
  const texts = lines.map((line, i) => {
    const side = !vertical ? "" : line.above ? "before" : "after";
    const shift = !vertical ? 0 : line.above ? -6 : 6;
    const element = makeLine(`${line.name} ${line.role} ${side}`, x + shift, y);
    element.setAttribute("font-size", line.size);
    if (line.tag === "I") element.setAttribute("font-style", "italic");
    return { line, sentence: sentences[i], element, middle: y };
  });
  return kind === "share" ? texts.filter(({ sentence }) => sentence.length) : texts;
}

/** Stack the lines that say something: from the wire up, and from the wire down. */
export function placeTexts(texts, vertical) {
  const said = texts.filter(({ element }) => element.textContent);
  let [up, down, gap] = vertical ? [4, -13, 0] : [-5, 0, 0];
  for (const { line, element, middle } of said.filter(({ line }) => line.above).reverse()) {
    element.setAttribute("y", round(middle + up));
    up -= line.size + (vertical ? 1 : 0);
  }
  for (const { line, element, middle } of said.filter(({ line }) => !line.above)) {
    down += gap + line.size;
    gap = 0.5;
    element.setAttribute("y", round(middle + down));
  }
}

/** The box of an open scope; its title closes it. */
export function makeRoom({ ref, x, y, width, height }, name) {
  const bar = svg("rect", { x, y, width, height: 20, class: "bar" });
  const title = svg("text", { class: "title", x: x + 8, y: y + 14 }, `▾ ${name}`);
  const role = { tabindex: "-1", role: "button", "aria-label": `Collapse ${name}` };
  const shut = svg("g", { class: "shut", "data-shut": ref, ...role }, bar, title);
  const shape = svg("rect", { class: "shape", x, y, width, height, rx: 6 });
  return svg("g", { class: "room" }, shape, shut);
}

/** The shape of a body, with the lines of text that it has room for. */
export function makeBody({ kind, shape, width, height, x, y }, symbol) {
  const at = `translate(${round(x)} ${round(y)})`;
  const group = svg("g", { class: `body ${kind}`, transform: at });
  const [w, h] = [width / 2, height / 2];
  if (shape === "point" || shape === "circle") {
    group.append(svg("circle", { class: "shape", r: w }));
  } else if (shape !== "text") {
    const rx = shape === "card" ? 3 : 5;
    group.append(svg("rect", { class: "shape", x: -w, y: -h, width, height, rx }));
  }
  const texts = makeTextsOf(kind, shape, width, height, symbol);
  group.append(...Object.values(texts));
  return { group, texts };
}

function makeTextsOf(kind, shape, width, height, symbol) {
  if (shape === "point") return {};
  if (shape === "card") return (kind === "scope" ? makeScopeCard : makeCard)(width, height);
  if (shape === "circle" && kind === "scope") {
    return { value: makeLine("value", 0, 0), gradient: makeLine("gradient", 0, 12) };
  }
  if (shape === "circle" && kind !== "operation") {
    return { title: makeLine("value", 0, -5), value: makeLine("value", 0, 10) };
  }
  if (kind !== "operation") return { title: makeLine("label", 0, 4.5) };
  const isSign = [...symbol].length === 1;
  return { title: isSign ? makeLine("sign", 0, 6) : makeLine("word", 0, 4.5) };
}

/** A band with the name, the value, and the gradient on a band of its colour. */
function makeCard(width, height) {
  const [w, h, row] = [width / 2, height / 2, height / 3];
  const bottom = `M${-w},${h - row}V${h - 3}q0,3 3,3H${w - 3}q3,0 3,-3V${h - row}Z`;
  return {
    band: makeBand(width, height, row),
    fill: svg("path", { class: "fill", d: bottom }),
    title: makeLine("title", 0, -h + row / 2 + 4.5),
    value: makeLine("value", 0, 4.5),
    gradient: makeLine("gradient", 0, h - row / 2 + 4.5),
  };
}

function makeScopeCard(width, height) {
  return {
    band: makeBand(width, height, 24),
    title: makeLine("title", 0, -height / 2 + 16.5),
    lines: svg("g", { transform: `translate(0 ${24 - height / 2})` }),
  };
}

function makeBand(width, height, row) {
  const [w, h] = [width / 2, height / 2];
  const top = `M${-w},${row - h}V${3 - h}q0,-3 3,-3H${w - 3}q3,0 3,3V${row - h}Z`;
  return svg("path", { class: "band", d: top });
}

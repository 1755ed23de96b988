// The keyboard: what each key does, and the list of them.
import { byId, html, isTyping } from "./dom.js";

const KEYS = [
  ["← →", "a step back, forward"],
  ["Home End", "first, last frame"],
  ["Space", "play or pause"],
  ["Tab, then ↑ ↓", "to the picture, from value to value"],
  ["Enter", "pin the value; open or close a scope"],
  ["Esc", "let the pinned value go"],
  ["+ − 0", "zoom in, out, fit"],
  ["Shift + arrows", "move the picture"],
  ["/", "search"],
];

/** Listen to keys; `act` has a function for each thing that they do. */
export function listen(act) {
  byId("keys").append(
    ...KEYS.flatMap(([keys, does]) => [html("dt", {}, keys), html("dd", {}, does)]),
  );
  byId("help").addEventListener("click", showKeys);
  const plain = {
    ArrowLeft: () => act.step(-1),
    ArrowRight: () => act.step(1),
    Home: () => act.jump(1),
    End: () => act.jump(Infinity),
    " ": act.toggle,
    "+": () => act.zoom(1.25),
    "=": () => act.zoom(1.25),
    "-": () => act.zoom(0.8),
    0: act.fit,
    "/": () => byId("query").focus(),
    "?": showKeys,
    Escape: act.letGo,
    ArrowDown: () => act.move(1),
    ArrowUp: () => act.move(-1),
  };
  const shifted = {
    ArrowLeft: [60, 0],
    ArrowRight: [-60, 0],
    ArrowUp: [0, 60],
    ArrowDown: [0, -60],
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const { type, id } = event.target;
    if (type === "range" && id !== "step" && event.key !== "Escape") return;
    if (event.shiftKey && shifted[event.key]) act.pan(...shifted[event.key]);
    else if (["Enter", " "].includes(event.key) && act.press(event.target)) void 0;
    else if (event.key === " " && event.target.tagName === "BUTTON") return;
    else if (Object.hasOwn(plain, event.key)) plain[event.key]();
    else return;
    event.preventDefault();
  });
}

function showKeys() {
  const shown = byId("keys").hidden;
  byId("keys").hidden = !shown;
  byId("help").setAttribute("aria-expanded", shown);
}

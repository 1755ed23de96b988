// The page: its state, and what follows when it changes.
import { byId, say, svg } from "./dom.js";
import { Tape } from "../graph/tape.js";
import { Film } from "../graph/film.js";
import { Words } from "../graph/words.js";
import { Picture } from "../picture/draw.js";
import { lightUp } from "../picture/light.js";
import { Camera } from "../picture/camera.js";
import { sightOf } from "../picture/sight.js";
import { Hint, tellStory } from "../panel/details.js";
import { Leaves } from "../panel/leaves.js";
import { Find } from "../panel/find.js";
import { Steps } from "../panel/steps.js";
import { Player } from "../panel/player.js";
import { readLink, writeLink } from "./link.js";
import { savePng, saveSvg } from "./export.js";
import { listen } from "./keys.js";

const data = JSON.parse(byId("data").textContent);
const tape = new Tape(data, ROWS);
const film = new Film(data.film, data.computed, tape, data.digits);
const words = new Words(data, tape, film);
const root = svg("g");
const picture = new Picture(root, data, tape, film, words);
const hint = new Hint(words);

const begins = data.scopes.flatMap(({ name }, i) => (i && name.length < data.begins ? [i] : []));
const start = {
  frame: film.total,
  pinned: -1,
  flat: !data.begins && data.views[0].flat !== null,
  open: new Set(begins),
  leaves: new Map(),
  theme: data.theme,
};
const limits = {
  frames: film.total,
  scopes: data.scopes.length,
  values: tape.size,
  isLeaf: (v) => tape.isLeaf(v),
};
let state = readLink(location.hash, start, limits);
let arranged;
let hovered = -1;
let shownControl = -1;
let looking = 0;
let silence = 0;

byId("picture").append(root);
byId("picture").setAttribute("aria-label", `Graph of ${words.output()}: ${tape.size} values`);
say(byId("note"), data.note);
byId("note").hidden = !data.note;
const camera = new Camera(byId("picture"), root, () => {
  hint.hide();
  if (arranged !== describeArrangement()) show();
  else look();
});
const steps = new Steps(
  film,
  (value) => picture.shownIn(value, state),
  (scope) => data.scopes[scope].name.at(-1),
);
const player = new Player(film, steps, (frame, done) => change({ frame }, done));
const leaves = new Leaves(words, (set, done) => change({ leaves: set }, done));
new Find(words, (value) => pin(value));

/** Change the state and show it; `done` makes it a step of the browser's history. */
function change(what, done = true) {
  state = { ...state, ...what };
  show();
  if (done) remember();
}

function remember() {
  const hash = writeLink(state, start);
  if (hash !== location.hash.slice(1)) history.pushState(null, "", `#${hash}`);
}

/** Fill what the camera sees, once a frame of the screen. */
function look() {
  if (looking) return;
  looking = requestAnimationFrame(() => {
    looking = 0;
    fill();
  });
}

function fill() {
  picture.fill(state.frame, sightOf(camera));
  clearTimeout(silence);
  silence = setTimeout(() => picture.speak(state.frame), 120); // not while it plays
  lightUp(picture, hovered >= 0 ? hovered : state.pinned);
}

function show() {
  const { frame, flat, open, theme } = state;
  document.documentElement.dataset.theme = theme;
  say(byId("theme"), `Theme: ${theme === "auto" ? "system" : theme}`);
  if (!hasSameLeaves()) tape.change(state.leaves);
  if (arranged !== describeArrangement()) {
    arranged = describeArrangement();
    picture.arrange(view(), flat, open);
    camera.show(picture.size);
    rove();
  }
  fill();
  byId("flat").setAttribute("aria-pressed", flat);
  player.show(frame);
  leaves.refresh();
  const failed = [...tape.failures][0];
  byId("failed").hidden = failed === undefined;
  if (failed !== undefined)
    say(byId("failed"), `No such number: the engine raises an error at ${words.place(failed)}.`);
  detail();
}

/** The layout for a screen of this shape. */
function view() {
  const fits = ({ vertical, flat }) => vertical === camera.isNarrow() && (flat || !state.flat);
  return data.views.find(fits) ?? data.views[0];
}

/** What decides where everything stands. */
function describeArrangement() {
  const opened = state.flat ? "flat" : [...state.open].sort().join();
  return `${view().vertical} ${opened}`;
}

function hasSameLeaves() {
  const { changed } = tape;
  return (
    changed.size === state.leaves.size &&
    [...changed].every(([leaf, x]) => Object.is(state.leaves.get(leaf), x))
  );
}

function detail() {
  const { pinned, frame } = state;
  byId("details").hidden = pinned < 0;
  if (pinned >= 0) byId("story").replaceChildren(...tellStory(words, pinned, frame));
  if (shownControl === pinned) return;
  shownControl = pinned;
  leaves.own(tape.isLeaf(pinned) ? pinned : -1);
}

function pin(value) {
  if (!state.flat && data.scopes.length) {
    const open = new Set(state.open);
    for (let home = data.homes[value]; home > 0; home = data.scopes[home].parent) open.add(home);
    state.open = open;
  }
  change({ pinned: value });
  const part = picture.parts.find(
    ({ ref, kind }) => ref === value && !["scope", "fork", "entry", "exit"].includes(kind),
  );
  if (part) camera.reveal(part.group);
}

/** Open or close scopes. */
function toggle(scope, isOpen) {
  if (isOpen && !picture.opens(scope)) return;
  const open = new Set(state.open);
  if (isOpen) open.add(scope);
  else open.delete(scope);
  change({ open });
}

/** What an element of the picture does when it is pressed. */
function press(target) {
  const element = target.closest?.("[data-value],[data-open],[data-shut]");
  if (!element || !root.contains(element)) return false;
  const { value, open, shut } = element.dataset;
  if (open !== undefined) toggle(Number(open), true);
  else if (shut !== undefined) toggle(Number(shut), false);
  else change({ pinned: state.pinned === Number(value) ? -1 : Number(value) });
  return true;
}

/** One stop of the tab key for the whole picture. */
function rove(to) {
  const stops = [...root.querySelectorAll("[role=button]")];
  const now = to ?? stops.at(-1);
  for (const stop of stops) stop.setAttribute("tabindex", stop === now ? "0" : "-1");
  return stops;
}

function move(by) {
  const stops = [...root.querySelectorAll("[role=button]")];
  const place = stops.indexOf(document.activeElement);
  const next = stops[place < 0 ? 0 : Math.min(stops.length - 1, Math.max(0, place + by))];
  rove(next);
  camera.reveal(next);
  fill();
  picture.speak(
    state.frame,
    picture.parts.filter(({ group }) => group === next),
  );
  next.focus();
}

function hover(target, isOver) {
  const element = target.closest?.("[data-value]");
  const value = isOver && element ? Number(element.dataset.value) : -1;
  if (value === hovered) return;
  hovered = value;
  lightUp(picture, value >= 0 ? value : state.pinned);
  if (value >= 0) hint.show(element, value, state.frame);
  else hint.hide();
}

root.addEventListener("click", (event) => camera.dragged || press(event.target));
root.addEventListener(
  "pointerover",
  (event) => event.pointerType !== "touch" && hover(event.target, true),
);
root.addEventListener("pointerout", (event) => hover(event.relatedTarget ?? root, true));
root.addEventListener(
  "focusin",
  (event) => event.target.matches(":focus-visible") && hover(event.target, true),
);
root.addEventListener("focusout", () => hover(root, false));

const on = (id, act) => byId(id).addEventListener("click", act);
on("in", () => camera.zoom(1.25));
on("out", () => camera.zoom(0.8));
on("fit", () => camera.fit());
on("flat", () => change({ flat: !state.flat }));
on("collapse", () => change({ flat: false, open: new Set() }));
on("expand", () => change({ flat: false, open: new Set(data.scopes.keys()) }));
on("theme", () => {
  const all = ["auto", "light", "dark"];
  change({ theme: all[(all.indexOf(state.theme) + 1) % 3] });
});
on("svg", () => saveSvg(byId("picture"), "dotgrad"));
on("png", () => savePng(byId("picture"), "dotgrad"));
byId("theme").hidden = data.theme === "only";
byId("collapse").hidden = byId("expand").hidden = data.scopes.length < 2;
byId("flat").hidden = data.scopes.length < 2 || data.views[0].flat === null;
listen({
  step: (by) => player.step(by),
  jump: (frame) => player.jump(Math.min(frame, film.total)),
  toggle: () => player.toggle(),
  zoom: (factor) => camera.zoom(factor),
  fit: () => camera.fit(),
  pan: (dx, dy) => camera.pan(dx, dy),
  letGo: () => change({ pinned: -1 }),
  move,
  press,
});
addEventListener("popstate", () => {
  state = readLink(location.hash, start, limits);
  show();
});
show();

/** The numbers, for the console: `dotgrad.set({x: 2})`, `dotgrad.gradients()`. */
globalThis.dotgrad = Object.freeze({
  values: () => [...tape.values],
  gradients: () => [...tape.gradients],
  partials: () => [...tape.partials],
  failures: () => [...tape.failures],
  set(numbers) {
    const places = new Map(Object.entries(numbers).map(([name, x]) => [findLeaf(name), x]));
    change({ leaves: new Map([...tape.changed, ...places]) }, false);
  },
});

function findLeaf(name) {
  const place = /^\d+$/.test(name) ? Number(name) : data.labels.indexOf(name);
  if (tape.rows === null || !tape.isLeaf(place)) throw new RangeError(`no live leaf ${name}`);
  return place;
}

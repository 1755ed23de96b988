// The current view as a file: SVG with its colours written out, or PNG drawn from it.
import { html } from "./dom.js";

const STYLES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "text-anchor",
];

/** `color(srgb 0.5 0 1)` and `rgb(1, 2, 3)` as #rrggbb, which every program reads. */
function plain(value) {
  const found = /^(color\(srgb|rgb\()\s*([^)]*)\)$/.exec(value);
  if (!found) return value;
  const factor = found[1] === "rgb(" ? 1 : 255;
  const parts = found[2]
    .split(/[\s,/]+/)
    .slice(0, 3)
    .map((part) => Math.round(Number(part) * factor));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** The picture as it is seen, as the text of an SVG file. */
export function asSvg(picture) {
  const copy = picture.cloneNode(true);
  const [from, to] = [picture, copy].map((root) => [...root.querySelectorAll("*")]);
  from.forEach((element, i) => {
    const seen = getComputedStyle(element);
    const target = to[i];
    for (const name of STYLES) {
      const value = plain(seen.getPropertyValue(name));
      if (value && value !== "normal" && value !== "auto") target.setAttribute(name, value);
    }
    if (seen.display === "none") target.setAttribute("display", "none");
    for (const name of ["class", "style", "tabindex", "role"]) target.removeAttribute(name);
  });
  const { clientWidth: width, clientHeight: height } = picture;
  for (const { name } of [...copy.attributes]) if (name !== "xmlns") copy.removeAttribute(name);
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const back = copy.ownerDocument.createElementNS("http://www.w3.org/2000/svg", "rect");
  back.setAttribute("width", width);
  back.setAttribute("height", height);
  back.setAttribute("fill", plain(getComputedStyle(document.body).backgroundColor));
  copy.prepend(back);
  return new XMLSerializer().serializeToString(copy);
}

export function saveSvg(picture, name) {
  download(new Blob([asSvg(picture)], { type: "image/svg+xml" }), `${name}.svg`);
}

/** A PNG with twice the pixels of the screen, or more where the screen has more. */
export async function savePng(picture, name) {
  const url = URL.createObjectURL(new Blob([asSvg(picture)], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = url;
  await image.decode();
  const scale = Math.max(2, devicePixelRatio);
  const canvas = html("canvas");
  canvas.width = picture.clientWidth * scale;
  canvas.height = picture.clientHeight * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  canvas.toBlob((blob) => download(blob, `${name}.png`), "image/png");
}

function download(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

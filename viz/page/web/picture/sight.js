// What the camera sees: the rest is not written before it comes into view, and text that
// nobody could read is not drawn. This keeps pictures of thousands of values fluent.

const TEXT = 12; // points
const LEAST = 3.5; // pixels
const MARGIN = 40;

/** The part of a picture in a frame of this size in pixels, moved and scaled. */
export function sightOf({ x, y, scale, width, height }) {
  return {
    isFar: TEXT * scale < LEAST,
    left: -x / scale - MARGIN,
    top: -y / scale - MARGIN,
    right: (width - x) / scale + MARGIN,
    bottom: (height - y) / scale + MARGIN,
  };
}

/** A box [left, top, right, bottom] with some points more. */
export function extend(box, points) {
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [left, top, right, bottom] = box ?? [Infinity, Infinity, -Infinity, -Infinity];
  return [
    Math.min(left, ...xs),
    Math.min(top, ...ys),
    Math.max(right, ...xs),
    Math.max(bottom, ...ys),
  ];
}

export function isSeen(sight, [left, top, right, bottom]) {
  return right > sight.left && left < sight.right && bottom > sight.top && top < sight.bottom;
}

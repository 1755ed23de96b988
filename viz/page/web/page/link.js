// The state of the page in its address, so that a link leads back to it.

/** The state as the part of an address behind the #. */
export function writeLink({ frame, pinned, open, flat, leaves, theme }, start) {
  const parts = [];
  if (frame !== start.frame) parts.push(`step=${frame}`);
  if (pinned >= 0) parts.push(`pin=${pinned}`);
  if (flat !== start.flat) parts.push(`flat=${Number(flat)}`);
  const opened = [...open].sort((a, b) => a - b).join(",");
  if (opened !== [...start.open].sort((a, b) => a - b).join(",")) parts.push(`open=${opened}`);
  if (leaves.size) parts.push(`set=${[...leaves].map(([leaf, x]) => `${leaf}:${x}`).join(",")}`);
  if (theme !== start.theme) parts.push(`theme=${theme}`);
  return parts.join("&");
}

/** The state that an address tells; what it does not tell is as at the start. */
export function readLink(hash, start, limits) {
  const given = new Map(
    hash
      .replace(/^#/, "")
      .split("&")
      .map((part) => part.split("=")),
  );
  const number = (name, low, high, otherwise) => {
    const x = Number(given.get(name) || NaN);
    return Number.isInteger(x) ? Math.min(high, Math.max(low, x)) : otherwise;
  };
  const list = (name) => given.get(name)?.split(",").filter(Boolean);
  const open = list("open")
    ?.map(Number)
    .filter((scope) => scope > 0 && scope < limits.scopes);
  const leaves = (list("set") ?? []).map((part) => part.split(":").map(Number));
  const theme = given.get("theme");
  return {
    frame: number("step", 1, limits.frames, start.frame),
    pinned: number("pin", -1, limits.values - 1, -1),
    flat: given.has("flat") ? given.get("flat") === "1" : start.flat,
    open: given.has("open") ? new Set(open) : new Set(start.open),
    leaves: new Map(leaves.filter(([leaf, x]) => limits.isLeaf(leaf) && x !== undefined)),
    theme: ["auto", "light", "dark"].includes(theme) ? theme : start.theme,
  };
}

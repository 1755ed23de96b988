// Making the chain of a value stand out: all through which its gradient flows back.

/** The values on the ways from one to the output, itself included. */
function onTheWay(tape, value) {
  const found = new Set([value]);
  for (const one of found) {
    for (const use of tape.usedBy[one]) found.add(tape.uses[use].target);
  }
  return found;
}

/** Light up the chain of a value in a picture; of none where it is -1. */
export function lightUp(picture, value) {
  const { root, tape } = picture;
  if (value < 0 && !root.classList.contains("dimmed")) return;
  root.classList.toggle("dimmed", value >= 0);
  const way = value < 0 ? new Set() : onTheWay(tape, value);
  const onIt = (use) => way.has(tape.uses[use].source) && way.has(tape.uses[use].target);
  for (const { uses, edge, label } of picture.flows.values()) {
    const lit = uses.some(onIt) || (uses.length === 0 && value >= 0);
    edge.classList.toggle("lit", lit);
    label?.classList.toggle("lit", lit);
  }
  for (const { group, kind, ref } of picture.parts) {
    const holds = kind === "scope" ? [...way].some((one) => picture.holds(ref, one)) : way.has(ref);
    group.classList.toggle("lit", holds);
    group.classList.toggle("chosen", kind !== "scope" && ref === value);
  }
}

// Making elements. Text is always set as text: a label is never markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML with attributes; children are elements or text. */
export function html(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Set the text of an element, if it is another one. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether somebody is typing, so that letters and arrows are theirs. */
export function isTyping(event) {
  const { tagName, type } = event.target;
  return tagName === "SELECT" || (tagName === "INPUT" && type !== "range");
}

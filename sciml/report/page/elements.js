// The data of the page, small builders of elements, and colours; every page of the package starts with them.
const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  fill(made, attributes, children);
  return made;
}
function drawing(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(made, attributes, children);
  return made;
}
function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) made.append(child);
}

const hasValue = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function chooser(label, options, chosen, act) {
  const list = element("select", {onchange: (event) => act(event.target.value)},
    options.map(([value, text]) => element("option", {value, selected: String(value) === String(chosen)}, text)));
  return element("label", {}, label, list);
}

const rgb = (triple) => `rgb(${triple.map(Math.round).join(",")})`;
const mix = (first, second, share) => first.map((value, i) => value + (second[i] - value) * share);
const triple = (name) => colour(name).split(",").map(Number);
function ramp(share) {
  const found = mix(triple("ramp-low"), triple("ramp-high"), Math.max(0, Math.min(1, share)));
  const light = [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => sum + weight * (found[i] / 255) ** 2.2, 0);
  return {background: rgb(found), ink: light > 0.24 ? "#10141a" : "#ffffff"};
}

// How numbers of a design page are written: as engineers do, 12.3 M and 45.6 µ.
const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"], [1e-18, "a"]];
function engineering(value) {
  if (value === 0) return "0";
  const [factor, prefix] = PREFIXES.find(([size]) => Math.abs(value) >= size * .99999) || PREFIXES[PREFIXES.length - 1];
  return `${rounded(value / factor).replace("-", "−")}${prefix}`;
}
// A range with a margin around all values that are known.
function rangeOf(values, margin = .06) {
  let low = Infinity, high = -Infinity;
  for (const value of values) if (hasValue(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  if (low > high) return [0, 1];
  const span = high - low || Math.abs(high) || 1;
  return [low - margin * span, high + margin * span];
}
// Whole powers of ten between two logarithms.
function decades(low, high) {
  const found = [], step = Math.max(1, Math.ceil((high - low) / 9));
  for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power += step) found.push(power);
  return found;
}
const powerOfTen = (power) => engineering(10 ** power);
function quantile(sorted, share) {
  const place = share * (sorted.length - 1), low = Math.floor(place);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (place - low);
}
const key = (entries) => element("div", {class: "legend"}, entries.map(([css, text]) => element("span", {}, element("i", {style: `background:${css}`}), text)));
const captioned = (title, ...parts) => element("figure", {}, element("figcaption", {}, title), ...parts);

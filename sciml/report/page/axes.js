// Axes of plots in SVG: a frame with two scales, and how numbers stand on it.
const shortened = (name) => name.length > 36 ? `${name.slice(0, 35)}…` : name;
function ticks(low, high, most = 6) {
  const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  return found;
}

// A frame with axes; returns the drawing, the two scales and the box.
function frame({width, height, left = 52, bottom = 42, right = 12, top = 12, x, y, xTitle, yTitle, xText = String, yText = String,
  xTicks = ticks(...x), yTicks = ticks(...y), label}) {
  const toX = (value) => left + (width - left - right) * (value - x[0]) / (x[1] - x[0] || 1);
  const toY = (value) => height - bottom - (height - top - bottom) * (value - y[0]) / (y[1] - y[0] || 1);
  const svg = drawing("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label});
  for (const value of yTicks) {
    svg.append(drawing("line", {x1: left, x2: width - right, y1: toY(value), y2: toY(value), stroke: colour("grid")}),
      drawing("text", {x: left - 7, y: toY(value) + 4, "text-anchor": "end"}, yText(value)));
  }
  for (const value of xTicks) {
    svg.append(drawing("line", {x1: toX(value), x2: toX(value), y1: height - bottom, y2: height - bottom + 4, stroke: colour("faint")}),
      drawing("text", {x: toX(value), y: height - bottom + 17, "text-anchor": "middle"}, xText(value)));
  }
  svg.append(drawing("line", {x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, stroke: colour("faint")}),
    drawing("text", {x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle"}, xTitle),
    drawing("text", {transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle"}, yTitle));
  return {svg, toX, toY};
}
const rounded = (value) => String(+value.toPrecision(3));

// Heat map of violations: a column for each simulation, a row for each specification.
const violated = {which: "every"};
const ROW_HEIGHT = 22;

function violationColour(value, outcome) {
  if (outcome === "failed") return triple("map-failed");
  if (!hasValue(value)) return triple("map-unknown");
  if (value === 0) return triple("map-met");
  return mix(triple("map-low"), triple("map-high"), Math.min(1, Math.sqrt(value)));
}
function showViolations() {
  const trace = DATA.traces[0], count = trace.cost.length, specs = DATA.specifications;
  if (!specs.length || !count) { byId("violations").hidden = true; return; }
  byId("violation-controls").replaceChildren(chooser("Show", [["every", `every ${DATA.row_word}`], ["best", "the best design so far"]], violated.which, (value) => { violated.which = value; showViolations(); }));
  const rows = violated.which === "every" ? trace.cost.map((_, i) => i) : bestRows(trace.cost);
  const canvas = element("canvas", {class: "map", role: "img", "aria-label": "Violation of each specification in each simulation", style: `height:${specs.length * ROW_HEIGHT}px`});
  const scale = Math.max(1, Math.ceil(1400 / count));
  canvas.width = count * scale;
  canvas.height = specs.length * ROW_HEIGHT;
  const context = canvas.getContext("2d");
  rows.forEach((row, column) => specs.forEach((_, spec) => {
    context.fillStyle = rgb(violationColour(trace.violations[row][spec], trace.outcomes[row]));
    context.fillRect(column * scale, spec * ROW_HEIGHT, scale, ROW_HEIGHT - 1);
  }));
  const place = element("p", {class: "note place", "aria-live": "polite"}, "\u00a0");
  canvas.addEventListener("pointermove", (event) => {
    const column = Math.min(count - 1, Math.max(0, Math.floor(event.offsetX / canvas.clientWidth * count)));
    const spec = Math.min(specs.length - 1, Math.max(0, Math.floor(event.offsetY / canvas.clientHeight * specs.length)));
    const row = rows[column], value = trace.violations[row][spec];
    const text = trace.outcomes[row] === "failed" ? "failed" : !hasValue(value) ? "not measured" : value === 0 ? "met" : `violation ${rounded(value)}`;
    place.textContent = `${DATA.row_word} ${row + 1}: ${specs[spec].text}: ${text}`;
  });
  canvas.addEventListener("pointerleave", () => { place.textContent = "\u00a0"; });
  const met = specs.map((_, spec) => trace.violations.filter((row) => row[spec] === 0).length / count);
  byId("violation-map").replaceChildren(element("div", {class: "map-rows"},
    element("div", {class: "names", style: `grid-auto-rows:${ROW_HEIGHT}px`}, specs.map((spec, i) => element("span", {title: `${Math.round(met[i] * 100)} % of the simulations meet it`}, spec.text))), canvas,
    element("div", {class: "under"}, element("span", {}, "1"), element("span", {}, DATA.row_word), element("span", {}, String(count)))), place,
  key([[rgb(triple("map-met")), "met"], [rgb(mix(triple("map-low"), triple("map-high"), .3)), "missed by a little"], [rgb(triple("map-high")), "missed by far"],
    [rgb(triple("map-unknown")), "not measured"], [rgb(triple("map-failed")), "failed"]]));
}

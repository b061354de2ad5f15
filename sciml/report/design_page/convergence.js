// Best cost and number of met specifications against simulations; several seeds as median and quartiles.
const LOWEST_COST = 1e-4; // a cost of 0 is drawn below it, since the axis is a logarithm

function bestRows(cost) {
  const rows = [];
  cost.forEach((value, i) => rows.push(i && cost[rows[i - 1]] <= value ? rows[i - 1] : i));
  return rows;
}
function lineOf(values, toX, toY) {
  let path = "";
  values.forEach((value, i) => { path += i ? `H${toX(i + 1).toFixed(1)}V${toY(value).toFixed(1)}` : `M${toX(1).toFixed(1)} ${toY(value).toFixed(1)}`; });
  return path;
}
function bandOf(lines, toX, toY) {
  const length = Math.max(...lines.map((line) => line.length)), upper = [], lower = [], middle = [];
  for (let i = 0; i < length; i++) { // a run that ended keeps its last value
    const sorted = lines.map((line) => line[Math.min(i, line.length - 1)]).sort((one, two) => one - two);
    lower.push(quantile(sorted, .25)); upper.push(quantile(sorted, .75)); middle.push(quantile(sorted, .5));
  }
  const back = [...lower].map((value, i) => `L${toX(i + 1).toFixed(1)} ${toY(value).toFixed(1)}`).reverse().join("");
  const there = upper.map((value, i) => `${i ? "L" : "M"}${toX(i + 1).toFixed(1)} ${toY(value).toFixed(1)}`).join("");
  return {area: there + back + "Z", middle};
}
function stepPlot(box, lines, points) {
  const {svg, toX, toY} = frame(box);
  if (lines.length > 1) {
    const {area, middle} = bandOf(lines, toX, toY);
    svg.append(drawing("path", {d: area, fill: colour("accent"), opacity: .18}));
    for (const line of lines) svg.append(drawing("path", {d: lineOf(line, toX, toY), fill: "none", stroke: colour("accent"), "stroke-width": .8, opacity: .45}));
    svg.append(drawing("path", {d: lineOf(middle, toX, toY), fill: "none", stroke: colour("accent"), "stroke-width": 2.4}));
  } else {
    for (const point of points) svg.append(drawing("circle", {cx: toX(point.x), cy: toY(point.y), r: 2.3, fill: colour(point.css), opacity: .7}, drawing("title", {}, point.text)));
    svg.append(drawing("path", {d: lineOf(lines[0], toX, toY), fill: "none", stroke: colour("accent"), "stroke-width": 2.2}));
  }
  return {svg, toX, toY};
}
const OUTCOME_COLOURS = {met: "good", missed: "faint", stopped: "second", failed: "bad"};
const OUTCOME_TEXTS = {met: "meets every specification", missed: "misses one or more", stopped: "stopped early", failed: "failed"};

function showConvergence() {
  const most = Math.max(2, ...DATA.traces.map((trace) => trace.cost.length));
  const logs = DATA.traces.map((trace) => bestRows(trace.cost).map((row) => Math.log10(Math.max(trace.cost[row], LOWEST_COST))));
  const lowest = Math.floor(Math.min(-1, ...logs.flat()));
  const single = DATA.traces.length === 1, first = DATA.traces[0];
  const points = single ? first.cost.map((cost, i) => ({x: i + 1, y: Math.log10(Math.max(cost, LOWEST_COST)), css: OUTCOME_COLOURS[first.outcomes[i]],
    text: `${DATA.row_word} ${i + 1}: cost ${rounded(cost)}, ${OUTCOME_TEXTS[first.outcomes[i]]}`})) : [];
  const allLowest = Math.min(lowest, ...points.map((point) => Math.floor(point.y)));
  const width = 620, height = 330, numbers = ticks(1, most, Math.min(6, most - 1)); // whole numbers only
  const cost = stepPlot({width, height, x: [1, most], xTicks: numbers, y: [allLowest, 0], xTitle: `${DATA.row_word}s`, yTitle: "best cost", yTicks: decades(allLowest, 0),
    yText: (power) => power <= Math.log10(LOWEST_COST) ? "0" : String(+(10 ** power).toPrecision(1)), label: "Best cost against simulations"}, logs, points);
  DATA.traces.forEach((trace) => {
    if (trace.first_feasible) cost.svg.append(drawing("circle", {cx: cost.toX(trace.first_feasible), cy: cost.toY(Math.max(allLowest, Math.log10(LOWEST_COST))), r: 6, fill: colour("good"), stroke: colour("card"), "stroke-width": 1.5},
      drawing("title", {}, `seed ${trace.seed}: first feasible design after ${trace.first_feasible} ${DATA.row_word}s`)));
  });
  const used = single ? [...new Set(first.outcomes)] : [];
  const costKey = single ? [[colour("accent"), "best so far"], ...used.map((name) => [colour(OUTCOME_COLOURS[name]), OUTCOME_TEXTS[name]])]
    : [[colour("accent"), `median and quartiles of ${DATA.traces.length} seeds`], [colour("good"), "first feasible design"]];
  byId("cost-plot").replaceChildren(captioned("Cost: weighted mean penalty", cost.svg, key(costKey)));
  const met = DATA.traces.map((trace) => bestRows(trace.cost).map((row) => trace.violations[row].filter((value) => value === 0).length));
  const count = DATA.specifications.length, whole = [];
  for (let i = 0; i <= count; i += Math.ceil(count / 10) || 1) whole.push(i);
  const metPlot = stepPlot({width, height, x: [1, most], xTicks: numbers, y: [0, count || 1], xTitle: `${DATA.row_word}s`, yTitle: "specifications met", yTicks: whole, label: "Specifications met by the best design against simulations"}, met, []);
  byId("met-plot").replaceChildren(captioned(`Specifications that the best design meets, of ${count}`, metPlot.svg,
    key([[colour("accent"), single ? "design of the best cost so far" : `median and quartiles of ${DATA.traces.length} seeds`]])));
}

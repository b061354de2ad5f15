// Predicted against simulated, and the Pareto front.
function showPredictions() {
  if (!DATA.predictions.length) return;
  byId("prediction-plots").replaceChildren(...DATA.predictions.map((pairs) => {
    const positive = pairs.simulated.concat(pairs.predicted).every((value) => value > 0);
    const spread = Math.max(...pairs.simulated) / Math.min(...pairs.simulated), log = positive && spread > 30;
    const turned = log ? (value) => Math.log10(Math.max(value, 1e-30)) : (value) => value;
    const range = rangeOf(pairs.simulated.concat(pairs.predicted).map(turned)), inside = (value) => Math.min(range[1], Math.max(range[0], turned(value)));
    const {svg, toX, toY} = frame({width: 340, height: 300, left: 58, x: range, y: range, xTitle: "simulated", yTitle: "predicted before", xTicks: log ? decades(...range) : ticks(...range, 4),
      yTicks: log ? decades(...range) : ticks(...range, 5), xText: log ? powerOfTen : engineering, yText: log ? powerOfTen : engineering, label: `Predicted against simulated ${pairs.output}`});
    svg.append(drawing("line", {x1: toX(range[0]), y1: toY(range[0]), x2: toX(range[1]), y2: toY(range[1]), stroke: colour("faint"), "stroke-dasharray": "4 4"}));
    for (const limit of pairs.limits) {
      const at = turned(limit);
      if (at > range[0] && at < range[1]) svg.append(drawing("path", {d: `M${toX(at)} ${toY(range[0])}V${toY(range[1])}`, stroke: colour("good"), "stroke-width": 1, "stroke-dasharray": "2 3"}));
    }
    pairs.simulated.forEach((value, i) => {
      const text = `simulated ${engineering(value)}, predicted ${engineering(pairs.predicted[i])}`;
      if (hasValue(pairs.low[i]) && hasValue(pairs.high[i])) svg.append(drawing("line", {x1: toX(inside(value)), x2: toX(inside(value)), y1: toY(inside(pairs.low[i])), y2: toY(inside(pairs.high[i])), stroke: colour("accent"), opacity: .3}));
      svg.append(drawing("circle", {cx: toX(inside(value)), cy: toY(inside(pairs.predicted[i])), r: 2.6, fill: colour("accent"), "fill-opacity": .75}, drawing("title", {}, text)));
    });
    return captioned(`${pairs.output}${pairs.unit ? ` (${pairs.unit})` : ""}`, svg);
  }));
}
function showPareto() {
  const front = DATA.pareto;
  if (!front) return;
  const {svg, toX, toY} = frame({width: 640, height: 420, left: 64, x: rangeOf(front.points.map((point) => point[0])), y: rangeOf(front.points.map((point) => point[1])),
    xTitle: front.titles[0], yTitle: front.titles[1], xText: engineering, yText: engineering, label: "Feasible designs by two objectives"});
  const chosen = front.points.filter((_, i) => front.is_front[i]).sort((one, two) => one[0] - two[0]);
  svg.append(drawing("polyline", {points: chosen.map((point) => `${toX(point[0])},${toY(point[1])}`).join(" "), fill: "none", stroke: colour("accent"), "stroke-width": 1.4}));
  front.points.forEach((point, i) => svg.append(drawing("circle", {cx: toX(point[0]), cy: toY(point[1]), r: front.is_front[i] ? 5 : 3, fill: colour(front.is_front[i] ? "accent" : "faint"), stroke: colour("card")},
    drawing("title", {}, `${engineering(point[0])}, ${engineering(point[1])}`))));
  byId("pareto-plot").replaceChildren(svg, key([[colour("accent"), "not beaten in both by any other"], [colour("faint"), "other feasible designs"]]));
}

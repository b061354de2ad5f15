// Plots in SVG: head-to-head scatter, reliability diagram, curves along the chain.
const versus = {score: DATA.headline[0], first: 1, second: 0};

function showVersus() {
  if (DATA.groups.length < 2) { byId("versus").hidden = true; document.querySelector('a[href="#versus"]').hidden = true; return; }
  const order = Object.values(DATA.rankings)[0].map((row) => row.g);
  const names = order.map((group, place) => [place, DATA.groups[group]]);
  const set = (what) => (value) => { versus[what] = what === "score" ? value : +value; showVersus(); };
  byId("versus-controls").replaceChildren(
    chooser("Score", Object.keys(DATA.pairs).map((name) => [name, SCORE[name].title]), versus.score, set("score")),
    chooser("across", names, versus.first, set("first")), chooser("up", names, versus.second, set("second")));
  const first = order[versus.first], second = order[versus.second], score = SCORE[versus.score];
  const points = DATA.ranked_units.map((unit) => [unit, competing(first, unit, score.name, "first"), competing(second, unit, score.name, "first")])
    .map(([unit, one, two]) => ({unit, model: two, x: one && valueOf(one, unit, score.name), y: two && valueOf(two, unit, score.name)}))
    .filter((point) => hasValue(point.x) && hasValue(point.y));
  byId("versus-scatter").replaceChildren(scatter(points, score, DATA.groups[first], DATA.groups[second]));
  byId("versus-side").replaceChildren(verdict(points, score, first, second), winTable(order, score));
}

function scatter(points, score, first, second) {
  const all = points.flatMap((point) => [point.x, point.y]).map((value) => value * score.factor);
  const span = all.length ? Math.max(...all) - Math.min(...all) || 1 : 1;
  let range = all.length ? [Math.min(...all) - .06 * span, Math.max(...all) + .06 * span] : [0, 1];
  if (score.zero) range = [Math.max(0, range[0]), Math.min(score.factor, range[1])];
  const width = DATA.tie[score.name] * score.factor;
  const {svg, toX, toY} = frame({width: 520, height: 480, x: range, y: range, xTitle: `${shortened(first)}: ${titled(score.name)}`, yTitle: `${shortened(second)}: ${titled(score.name)}`,
    xText: rounded, yText: rounded, label: `${score.title} of ${second} against ${first} on ${points.length} units`});
  const [low, high] = range, edge = (value) => Math.min(high, Math.max(low, value));
  svg.append(drawing("path", {d: `M${toX(low)} ${toY(edge(low + width))}L${toX(edge(high - width))} ${toY(high)}L${toX(high)} ${toY(high)}L${toX(high)} ${toY(edge(high - width))}L${toX(edge(low + width))} ${toY(low)}L${toX(low)} ${toY(low)}Z`, fill: colour("grid")}),
    drawing("line", {x1: toX(low), y1: toY(low), x2: toX(high), y2: toY(high), stroke: colour("faint"), "stroke-dasharray": "4 4"}));
  for (const point of points) {
    const better = (score.better < 0 ? -1 : 1) * (point.y - point.x), tie = Math.abs(better) <= DATA.tie[score.name] * (1 + 1e-9);
    const text = `${DATA.units[point.unit].name}: ${shown(score.name, point.x)} and ${shown(score.name, point.y)}`;
    svg.append(drawing("a", {href: modelLink(point.model), "aria-label": text}, drawing("circle", {cx: toX(point.x * score.factor), cy: toY(point.y * score.factor), r: 5.5,
      fill: tie ? colour("faint") : better > 0 ? colour("accent") : colour("second"), "fill-opacity": .82, stroke: colour("card"), "stroke-width": 1.2}, drawing("title", {}, text))));
  }
  return svg;
}

function verdict(points, score, first, second) {
  const pair = DATA.pairs[score.name][`${second},${first}`];
  if (!pair) return element("p", {class: "note"}, "Choose two different groups with targets in common.");
  const parts = [[pair.wins, "accent", `${DATA.groups[second]} better`], [pair.ties, "target", "tie"], [pair.losses, "second", `${DATA.groups[first]} better`]];
  const ink = document.documentElement.dataset.theme === "dark" ? "#10141a" : "#ffffff";
  const p = pair.p === null ? "–" : pair.p < 0.001 ? pair.p.toExponential(1) : pair.p.toFixed(3);
  const signed = (value) => (value > 0 ? "+" : "") + (value * score.factor).toFixed(score.digits);
  return element("div", {}, element("h3", {}, `${DATA.groups[second]} against ${DATA.groups[first]}`),
    element("div", {class: "tiebar", role: "img", "aria-label": parts.map(([count, , text]) => `${count} ${text}`).join(", ")},
      parts.filter(([count]) => count).map(([count, name]) => element("div", {style: `flex:${count};background:${colour(name)};color:${ink}`}, String(count)))),
    element("div", {class: "legend"}, parts.map(([count, name, text]) => element("span", {}, element("i", {style: `background:${colour(name)}`}), `${count} ${text}`))),
    element("p", {class: "note", style: "margin-top:.7rem"}, `Mean difference ${signed(pair.difference)} ${score.unit} (95 % interval ${signed(pair.low)} to ${signed(pair.high)}), `
      + `Wilcoxon signed-rank p = ${p}, ${pair.targets} units; a difference of up to ${rounded(pair.width * score.factor)} ${score.unit} is a tie.`));
}

function winTable(order, score) {
  const shownGroups = order.slice(0, 20);
  const cell = (row, column) => {
    const pair = DATA.pairs[score.name][`${row},${column}`];
    if (!pair) return element("span", {class: "none"}, "");
    const decided = pair.wins + pair.losses, share = decided ? pair.wins / decided : .5, {background, ink} = ramp(share);
    const text = `${DATA.groups[row]} against ${DATA.groups[column]}: ${pair.wins} won, ${pair.ties} tied, ${pair.losses} lost`;
    return element("a", {href: "#versus", title: text, "aria-label": text, style: `background:${background};color:${ink};min-width:1.9rem`,
      onclick: (event) => { event.preventDefault(); versus.second = order.indexOf(row); versus.first = order.indexOf(column); showVersus(); }}, String(pair.wins));
  };
  return element("div", {class: "scroll", style: "margin-top:1rem"}, element("p", {class: "note"}, "Units won by the row's group against the column's; choose a cell to see it."),
    element("table", {class: "heat", "aria-label": "Units won by the row's group against the column's"},
    element("thead", {}, element("tr", {}, element("th", {}), shownGroups.map((group) => element("th", {scope: "col"}, element("div", {}, DATA.groups[group]))))),
    element("tbody", {}, shownGroups.map((row) => element("tr", {}, element("th", {scope: "row"}, DATA.groups[row]),
      shownGroups.map((column) => element("td", {}, cell(row, column))))))));
}

const trust = {group: "all"};

function showConfidence() {
  const known = Object.keys(DATA.reliability);
  if (!known.length) { byId("confidence").hidden = true; byId("nav-confidence").hidden = true; return; }
  byId("confidence-controls").replaceChildren(chooser("Group", known.map((key) => [key, key === "all" ? "all groups" : DATA.groups[+key]]), trust.group,
    (value) => { trust.group = value; showConfidence(); }));
  const found = DATA.reliability[trust.group], total = found.bins.reduce((sum, bin) => sum + bin.count, 0);
  const {svg, toX, toY} = frame({width: 560, height: 440, x: [0, 1], y: [0, 1], xTitle: "pLDDT", yTitle: "true lDDT-Cα", xText: rounded, yText: rounded,
    label: `Reliability of pLDDT, expected calibration error ${found.error.toFixed(3)}`});
  svg.append(drawing("line", {x1: toX(0), y1: toY(0), x2: toX(1), y2: toY(1), stroke: colour("faint"), "stroke-dasharray": "4 4"}));
  found.bins.forEach((bin, index) => {
    const share = bin.count / total;
    svg.append(drawing("rect", {x: toX(index / 10) + 2, width: toX(.1) - toX(0) - 4, y: toY(share), height: toY(0) - toY(share), fill: colour("accent"), opacity: .18},
      drawing("title", {}, `${bin.count} residues`)));
  });
  const full = found.bins.filter((bin) => bin.count);
  svg.append(drawing("polyline", {points: full.map((bin) => `${toX(bin.plddt)},${toY(bin.lddt)}`).join(" "), fill: "none", stroke: colour("accent"), "stroke-width": 2}));
  full.forEach((bin) => svg.append(drawing("circle", {cx: toX(bin.plddt), cy: toY(bin.lddt), r: 4.5, fill: colour("accent"), stroke: colour("card"), "stroke-width": 1.5},
    drawing("title", {}, `pLDDT ${bin.plddt.toFixed(2)}, lDDT ${bin.lddt.toFixed(2)}, ${bin.count} residues`))));
  byId("confidence-plot").replaceChildren(svg, element("p", {class: "note"}, `${total} residues; expected calibration error ${found.error.toFixed(3)}, `
    + `bias ${found.bias >= 0 ? "+" : ""}${found.bias.toFixed(3)}${found.correlation === null ? "" : `, correlation ${found.correlation.toFixed(2)}`}.`));
}

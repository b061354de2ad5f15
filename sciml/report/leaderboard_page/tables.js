// The ranking, the table of targets and groups, what is missing.
const ranked = {key: Object.keys(DATA.rankings)[0]};

function rankingControls() {
  const parts = Object.keys(DATA.rankings).map((key) => key.split("|"));
  const [score, floor, which] = ranked.key.split("|");
  const distinct = (index) => [...new Set(parts.map((part) => part[index]))];
  const choose = (index) => (value) => {
    const next = ranked.key.split("|");
    next[index] = value;
    ranked.key = next.join("|");
    showRanking();
  };
  byId("ranking-controls").replaceChildren(
    chooser("z-scores of", distinct(0).map((name) => [name, SCORE[name].title]), score, choose(0)),
    chooser("z below", distinct(1).map((value) => [value, `${value} set to ${value}`]), floor, choose(1)),
    chooser("models", distinct(2).map((value) => [value, value === "first" ? "first of each group" : "best of each group"]), which, choose(2)));
}

function meanOf(group, name, which) {
  let sum = 0, count = 0;
  DATA.ranked_units.forEach((unit) => {
    const model = competing(group, unit, name, which);
    const value = model ? valueOf(model, unit, name) : null;
    if (hasValue(value)) { sum += value; count += 1; }
    else if (SCORE[name].zero) count += 1;
  });
  return count ? sum / count : null;
}

function showRanking() {
  const [score, , which] = ranked.key.split("|");
  const rows = DATA.rankings[ranked.key];
  const lowest = Math.min(0, ...rows.map((row) => row.low)), highest = Math.max(0.1, ...rows.map((row) => row.high));
  const means = DATA.headline.map((name) => ({
    title: titled(name), tip: `Mean of ${SCORE[name].title}. ${SCORE[name].definition}`,
    text: (row) => shown(name, row.means[name]), key: (row) => row.means[name],
  }));
  rows.forEach((row) => {
    row.means = Object.fromEntries(DATA.headline.map((name) => [name, meanOf(row.g, name, which)]));
  });
  const columns = [
    {title: "Rank", text: (row) => element("span", {class: "rank"}, String(row.rank)), key: (row) => -row.rank},
    {title: "95 % of ranks", text: (row) => row.top === row.bottom ? `${row.top}` : `${row.top}–${row.bottom}`, key: (row) => -row.bottom,
      tip: "Ranks that the group takes when targets are drawn with replacement"},
    {title: "Group", left: true, text: (row) => DATA.groups[row.g], key: (row) => DATA.groups[row.g]},
    {title: `Σ z ${SCORE[score].title}`, text: (row) => row.score.toFixed(2), key: (row) => row.score},
    {title: "with 95 % interval", text: (row) => intervalBar(row, lowest, highest), key: (row) => row.score},
    {title: "Units", text: (row) => String(row.units), key: (row) => row.units, tip: "Targets or domains with a model"},
    {title: "Missing", text: (row) => row.missing ? String(row.missing) : "", key: (row) => row.missing},
    ...means,
  ];
  rankingControls();
  byId("ranking-table").replaceChildren(sortable(columns, rows, {
    sorted: 0, falling: true, caption: `${rows.length} groups on ${DATA.ranked_units.length} evaluation units`}));
}

function intervalBar(row, lowest, highest) {
  const width = 220, x = (value) => 4 + (width - 8) * (value - lowest) / (highest - lowest || 1);
  const label = `${row.score.toFixed(2)}, 95 % interval ${row.low.toFixed(2)} to ${row.high.toFixed(2)}`;
  return drawing("svg", {width, height: 18, viewBox: `0 0 ${width} 18`, role: "img", "aria-label": label},
    drawing("rect", {x: Math.min(x(0), x(row.score)), y: 4, width: Math.abs(x(row.score) - x(0)), height: 10, rx: 2, fill: colour("accent"), opacity: .85}),
    drawing("path", {d: `M${x(row.low)} 9H${x(row.high)}M${x(row.low)} 5V13M${x(row.high)} 5V13`, stroke: colour("ink"), "stroke-width": 1.2, fill: "none"}),
    drawing("line", {x1: x(0), x2: x(0), y1: 0, y2: 18, stroke: colour("faint")}));
}

const heat = {score: DATA.headline[0], which: "first"};

function showHeat() {
  const names = DATA.scores.filter((score) => score.better !== 0).map((score) => [score.name, score.title]);
  byId("heat-controls").replaceChildren(
    chooser("Score", names, heat.score, (value) => { heat.score = value; showHeat(); }),
    chooser("Models", [["first", "first of each group"], ["best", "best of each group"]], heat.which, (value) => { heat.which = value; showHeat(); }));
  const order = DATA.rankings[ranked.key].map((row) => row.g);
  const cells = order.map((group) => DATA.units.map((_, unit) => competing(group, unit, heat.score, heat.which)));
  const values = cells.flatMap((row) => row.map((model, unit) => model && valueOf(model, unit, heat.score))).filter(hasValue);
  const score = SCORE[heat.score];
  let low = Math.min(...values), high = Math.max(...values);
  if (score.better > 0 && low >= 0 && high <= 1) { low = 0; high = 1; }
  const cell = (model, unit) => {
    const value = model && valueOf(model, unit, heat.score);
    const name = `${DATA.units[unit].name}`;
    if (!hasValue(value)) return element("span", {class: "none", title: `${name}: ${model ? model.reason || "no value" : "no model"}`}, model ? "×" : "");
    const share = high > low ? (value - low) / (high - low) : 1, {background, ink} = ramp(score.better < 0 ? 1 - share : share);
    const text = `${name}, ${DATA.groups[model.g]} model ${model.m}: ${score.title} ${shown(heat.score, value)}`;
    return element("a", {href: modelLink(model), style: `background:${background};color:${ink}`, title: text, "aria-label": text},
      (value * score.factor).toFixed(score.factor === 100 ? 0 : 2));
  };
  byId("heat").replaceChildren(element("p", {class: "note"}, `${titled(heat.score)}; groups by their rank`), element("table", {class: "heat", "aria-label": titled(heat.score)},
    element("thead", {}, element("tr", {}, element("th", {}), DATA.units.map((unit) => element("th", {scope: "col"},
      element("div", {}, element("a", {href: `#/target/${unit.target}`}, unit.name)))))),
    element("tbody", {}, order.map((group, row) => element("tr", {}, element("th", {scope: "row"}, DATA.groups[group]),
      cells[row].map((model, unit) => element("td", {}, cell(model, unit))))))));
}

function showGaps() {
  if (!DATA.gaps.length) return;
  byId("gaps-table").replaceChildren(sortable([
    {title: "Target", left: true, text: (gap) => gap.target, key: (gap) => gap.target},
    {title: "Group", left: true, text: (gap) => gap.group, key: (gap) => gap.group},
    {title: "Model", text: (gap) => gap.model ? String(gap.model) : "–", key: (gap) => gap.model},
    {title: "File", left: true, text: (gap) => gap.file, key: (gap) => gap.file},
    {title: "Reason", left: true, wraps: true, text: (gap) => gap.reason, key: (gap) => gap.reason},
  ], DATA.gaps));
}

function showEstimates() {
  if (!DATA.estimates.length) return;
  const figures = DATA.estimate_scores.map((score, index) => ({
    title: score.title + (score.unit ? ` (${score.unit})` : ""), tip: score.definition, key: (row) => row.values[index],
    text: (row) => hasValue(row.values[index]) ? (row.values[index] * score.factor).toFixed(score.digits) : "–"}));
  const who = [
    {title: "Method", left: true, text: (row) => row.group, key: (row) => row.group},
    {title: "Set", text: (row) => String(row.number), key: (row) => row.number, tip: "Number of the MODEL record"}];
  if (DATA.estimate_means.length) byId("estimate-means").replaceChildren(sortable([...who,
    {title: "Over", left: true, text: (row) => row.extent, key: (row) => row.extent}, ...figures], DATA.estimate_means, {caption: "Means over targets"}));
  byId("estimates-table").replaceChildren(sortable([
    {title: "Target", left: true, text: (row) => row.target, key: (row) => row.target}, ...who,
    {title: "Models", left: true, text: (row) => row.extent, key: (row) => row.extent, tip: "Models compared, of those that the file names"}, ...figures,
    {title: "Notes", left: true, wraps: true, text: (row) => row.notes.join("; "), key: (row) => row.notes.join("; ")},
  ], DATA.estimates, {caption: "Each target"}));
}

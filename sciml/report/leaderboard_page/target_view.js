// One target: its models, the superposed backbones, lDDT along the chain, the distance-difference map.
function showTarget(number, chosen) {
  const target = DATA.targets[number], models = DATA.models.filter((model) => model.t === number);
  const page = byId("view-target");
  if (!target || !models.length) { page.replaceChildren(element("section", {}, element("p", {}, "This target has no model."), element("a", {href: "#"}, "Back"))); return; }
  const drawn = models.filter((model) => model.ca), model = chosen || drawn[0] || models[0];
  const native = target.ca ? positions(target.ca, target.step) : [];
  const points = model.ca ? positions(model.ca, target.step) : null, lddt = fractions(model.lddt);
  const state = {marked: null, colouring: "lddt", all: false};
  const unit = target.units[0], view = element("canvas", {class: "turn", tabindex: 0, role: "img",
    "aria-label": `Backbone of ${DATA.groups[model.g]} model ${model.m} superposed on ${target.id}; arrow keys turn it, plus and minus zoom`});
  const map = element("canvas", {class: "map", role: "img", "aria-label": "Differences of Cα distances between model and target"});
  const scene = new StructureView(view, () => state.marked), place = element("p", {class: "note", "aria-live": "polite"}, "\u00a0");

  const deviation = (residue) => points && points[residue] && native[residue] ? Math.hypot(...points[residue].map((v, k) => v - native[residue][k])) : null;
  const deviationColour = (residue) => {
    const value = deviation(residue);
    return value === null ? colour("target") : classColour(value < 1 ? 0 : value < 2 ? 1 : value < 4 ? 2 : 3);
  };
  function paint() {
    const others = state.all ? drawn.filter((other) => other !== model).map((other) => ({points: positions(other.ca, target.step),
      colour: () => colour("target"), width: .3, strength: .5})) : [];
    scene.show([{points: native, colour: () => colour("target"), width: .62}, ...others,
      ...(points ? [{points, width: .8, colour: (residue) => state.colouring === "lddt" ? lddtColour(lddt && lddt[residue]) : deviationColour(residue)}] : [])]);
  }
  function mark(residue) {
    state.marked = residue;
    const value = residue === null ? null : deviation(residue);
    place.textContent = residue === null ? "\u00a0" : `${target.sequence[residue] || "?"}${target.numbers[residue]}: `
      + `lDDT ${lddt && hasValue(lddt[residue]) ? lddt[residue].toFixed(2) : "–"}, Cα off by ${value === null ? "–" : value.toFixed(1) + " Å"}`;
    scene.draw();
    page.querySelectorAll(".cursor").forEach((line) => line.dispatchEvent(new CustomEvent("mark", {detail: residue})));
  }
  const names = DATA.scores.filter((score) => models.some((one) => hasValue(valueOf(one, unit, score.name))));
  const back = element("p", {style: "margin-top:1.1rem"}, element("a", {href: "#overview"}, "← All targets"));
  const step = (by) => { const next = DATA.targets[number + by]; return next ? element("a", {href: `#/target/${number + by}`, style: "margin-left:1.2rem"}, by < 0 ? `‹ ${next.id}` : `${next.id} ›`) : ""; };
  back.append(step(-1), step(1));
  const notes = model.notes.concat(model.reason ? [model.reason] : []);
  const units = target.units.slice(1).filter((one) => model.values[one]);
  page.replaceChildren(back, element("h2", {style: "font-size:1.45rem"}, `${target.id} · ${DATA.groups[model.g]} model ${model.m}`),
    element("p", {class: "lead"}, `${target.numbers.length} residues, ${models.length} models. ${DATA.headline.map((name) => `${SCORE[name].title} ${shown(name, valueOf(model, unit, name))}`).join(" · ")}`),
    element("div", {class: "drill"},
      element("section", {}, element("h3", {}, "Superposed on the target"), points ? null : element("p", {class: "note"}, "No coordinates of this model: only the target is drawn."), view, place,
        element("div", {class: "controls"}, chooser("Colour", [["lddt", "lDDT"], ["deviation", "deviation"]], "lddt", (value) => { state.colouring = value; legend(); paint(); }),
          element("label", {}, element("input", {type: "checkbox", onchange: (event) => { state.all = event.target.checked; paint(); }}), "other models")),
        element("div", {class: "legend", id: "chain-legend"})),
      element("section", {}, element("h3", {}, "Models"), element("div", {class: "scroll tall"}, modelTable(models, model, unit, names)),
        units.length ? element("div", {class: "scroll", style: "margin-top:1rem"}, domainTable(units, model)) : null,
        element("h3", {style: "margin-top:1.3rem"}, "About this model"), element("dl", {class: "facts"}, Object.entries({File: model.file, Matched: model.matched || "–", Notes: notes.join("; ") || "none", Target: target.notes.join("; ") || "read as it is"})
          .flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]))),
      element("section", {class: "wide"}, element("h3", {}, "lDDT-Cα along the chain"), lddt ? lddtCurve(target, models, model, lddt, mark) : element("p", {class: "note"}, "No per-residue lDDT.")),
      element("section", {}, element("h3", {}, "Distances: model minus target"), points ? element("div", {class: "map-frame"}, map, element("div", {class: "gradient", id: "map-scale"}),
        element("div", {class: "scale"}, element("span", {}, "8 Å closer"), element("span", {}, "same"), element("span", {}, "8 Å farther"))) : element("p", {class: "note"}, "No coordinates.")),
      element("section", {}, element("h3", {}, "All figures"), element("dl", {class: "facts figures"}, names.filter((score) => hasValue(valueOf(model, unit, score.name)))
        .flatMap((score) => [element("dt", {title: score.definition}, titled(score.name)), element("dd", {}, shown(score.name, valueOf(model, unit, score.name)))])))));
  function legend() {
    const classes = state.colouring === "lddt" ? LDDT_CLASSES.map(([, , name], index) => [classColour(index), name]) : [["< 1 Å", 0], ["1-2 Å", 1], ["2-4 Å", 2], ["≥ 4 Å", 3]].map(([name, index]) => [classColour(index), name]);
    byId("chain-legend").replaceChildren(...[[colour("target"), "target"], ...classes].map(([css, name]) => element("span", {}, element("i", {style: `background:${css}`}), name)));
  }
  legend();
  paint();
  if (points) byId("map-scale").style.background = drawDifferences(map, points, native, 8);
  map.addEventListener("pointermove", (event) => mark(Math.max(0, Math.min(native.length - 1, Math.floor(event.offsetX / map.clientWidth * native.length)))));
  map.addEventListener("pointerleave", () => mark(null));
}

function modelTable(models, chosen, unit, names) {
  const columns = DATA.headline.filter((name) => names.some((score) => score.name === name)).slice(0, 4);
  return sortable([
    {title: "Group", left: true, text: (model) => element("a", {href: modelLink(model), "aria-current": model === chosen ? "true" : null}, DATA.groups[model.g]), key: (model) => DATA.groups[model.g]},
    {title: "Model", text: (model) => String(model.m), key: (model) => model.m},
    ...columns.map((name) => ({title: titled(name), tip: SCORE[name].definition, text: (model) => model.status === "failed" ? "failed" : shown(name, valueOf(model, unit, name)),
      key: (model) => valueOf(model, unit, name)})),
  ], models, {sorted: columns.length ? 2 : 0, falling: columns.length ? SCORE[columns[0]].better >= 0 : false,
    style: (model) => model === chosen ? "chosen" : model.status === "failed" ? "failed" : null});
}

function domainTable(units, model) {
  return sortable([
    {title: "Domain", left: true, text: (unit) => DATA.units[unit].name, key: (unit) => DATA.units[unit].name},
    {title: "Residues", left: true, text: (unit) => DATA.units[unit].ranges, key: (unit) => unit},
    ...DATA.headline.slice(0, 4).map((name) => ({title: titled(name), text: (unit) => shown(name, valueOf(model, unit, name)), key: (unit) => valueOf(model, unit, name)})),
  ], units);
}

function lddtCurve(target, models, chosen, lddt, mark) {
  const width = 1180, count = target.numbers.length, {svg, toX, toY} = frame({width, height: 260, x: [0, Math.max(1, count - 1)], y: [0, 1], yText: rounded,
    xText: (value) => Number.isInteger(value) && value < count ? String(target.numbers[value]) : "", xTitle: "residue number", yTitle: "lDDT-Cα", label: `lDDT along ${target.id}`});
  const line = (values) => {
    let path = "", open = false;
    values.forEach((value, i) => { if (hasValue(value)) { path += `${open ? "L" : "M"}${toX(i).toFixed(1)} ${toY(value).toFixed(1)}`; open = true; } else open = false; });
    return path;
  };
  for (const other of models) if (other !== chosen && other.lddt) svg.append(drawing("path", {d: line(fractions(other.lddt)), fill: "none", stroke: colour("faint"), "stroke-width": .9, opacity: .6}));
  const plddt = fractions(chosen.plddt);
  if (plddt) svg.append(drawing("path", {d: line(plddt), fill: "none", stroke: colour("second"), "stroke-width": 1.4, "stroke-dasharray": "5 3"}));
  svg.append(drawing("path", {d: line(lddt), fill: "none", stroke: colour("accent"), "stroke-width": 2}));
  const cursor = drawing("line", {class: "cursor", y1: 12, y2: 218, stroke: colour("ink"), "stroke-dasharray": "2 3", visibility: "hidden"});
  cursor.addEventListener("mark", (event) => {
    cursor.setAttribute("visibility", event.detail === null ? "hidden" : "visible");
    if (event.detail !== null) { cursor.setAttribute("x1", toX(event.detail)); cursor.setAttribute("x2", toX(event.detail)); }
  });
  svg.append(cursor);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) * width / box.width;
    mark(Math.max(0, Math.min(count - 1, Math.round((x - toX(0)) / (toX(1) - toX(0))))));
  });
  svg.addEventListener("pointerleave", () => mark(null));
  const key = [["accent", "this model"], ...(plddt ? [["second", "its pLDDT"]] : []), ...(models.length > 1 ? [["faint", "other models"]] : [])];
  return element("div", {}, element("div", {class: "curve"}, svg), element("div", {class: "legend"}, key.map(([name, text]) => element("span", {}, element("i", {style: `background:${colour(name)}`}), text))));
}

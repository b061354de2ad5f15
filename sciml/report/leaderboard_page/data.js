// How values of a leaderboard are packed and shown.
const SCORE = Object.fromEntries(DATA.scores.map((score, index) => [score.name, {...score, index}]));
function shown(name, value) {
  const score = SCORE[name];
  return hasValue(value) ? (value * score.factor).toFixed(score.digits) : "–";
}
const titled = (name) => SCORE[name].title + (SCORE[name].unit ? ` (${SCORE[name].unit})` : "");

function bytes(text) {
  const raw = atob(text), made = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) made[i] = raw.charCodeAt(i);
  return made;
}
// Coordinates: int16 steps, -32768 where there is no atom. Returns an array of [x, y, z] or null.
function positions(text, step) {
  const view = new DataView(bytes(text).buffer), found = [];
  for (let i = 0; i + 6 <= view.byteLength; i += 6) {
    const x = view.getInt16(i, true);
    found.push(x === -32768 ? null : [x * step, view.getInt16(i + 2, true) * step, view.getInt16(i + 4, true) * step]);
  }
  return found;
}
// Fractions: steps of 1/250, 255 where there is none.
const fractions = (text) => text ? Array.from(bytes(text), (value) => value === 255 ? null : value / 250) : null;

const valueOf = (model, unit, name) => {
  const row = model.values[unit];
  return row ? row[SCORE[name].index] : null;
};
const modelLink = (model) => `#/target/${model.t}/${DATA.models.indexOf(model)}`;

// The model that competes for a group on a unit: the first one, or the best by a score.
function competing(group, unit, name, which) {
  const target = DATA.units[unit].target;
  const models = DATA.models.filter((model) => model.g === group && model.t === target);
  if (which === "first") return models.find((model) => model.m === 1) || null;
  const sign = SCORE[name].better < 0 ? -1 : 1;
  return models.reduce((best, model) => {
    const value = valueOf(model, unit, name);
    if (!hasValue(value)) return best;
    return !best || sign * value > sign * valueOf(best, unit, name) ? model : best;
  }, null);
}

// lDDT in the classes of pLDDT.
const LDDT_CLASSES = DATA.classes;
// The deep blue of the best class cannot be told from a dark page: the style may give it another.
const classColour = (index) => (index === 0 && colour("class-best")) || LDDT_CLASSES[index][1];
const lddtColour = (value) => !hasValue(value) ? colour("target")
  : classColour(LDDT_CLASSES.findIndex(([edge]) => edge === null || value * 100 > edge));

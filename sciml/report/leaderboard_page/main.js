// Which view is shown.
function route() {
  const match = location.hash.match(/^#\/target\/(\d+)(?:\/(\d+))?$/);
  byId("view-overview").hidden = Boolean(match);
  byId("view-target").hidden = !match;
  document.querySelector("header.top").hidden = Boolean(match);
  if (match) {
    showTarget(+match[1], match[2] === undefined ? null : DATA.models[+match[2]]);
    if (route.last !== match[1]) scrollTo(0, 0);
    route.last = match[1];
  } else {
    route.last = null;
    byId("view-target").replaceChildren();
    const section = location.hash.length > 1 && byId(location.hash.slice(1));
    if (section) section.scrollIntoView();
  }
}
function render() {
  if (ranked.key) { // somebody was scored
    showRanking();
    showHeat();
    showVersus();
  } else for (const id of ["overview", "versus"]) byId(id).hidden = true;
  showConfidence();
  showEstimates();
  showGaps();
  route();
}
addEventListener("hashchange", route);
withTheme(render);

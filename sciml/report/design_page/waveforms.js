// Waveforms of the first design and of the best.
const CURVE_COLOURS = ["faint", "accent", "second", "good"];

function showWaveforms() {
  if (!DATA.panels.length) return;
  byId("waveform-plots").replaceChildren(...DATA.panels.map((panel) => {
    const turned = panel.is_log ? Math.log10 : (value) => value;
    const x = rangeOf(panel.curves.flatMap((curve) => curve.x.map(turned)), 0), y = rangeOf(panel.curves.flatMap((curve) => curve.y));
    const {svg, toX, toY} = frame({width: 470, height: 290, left: 58, x, y, xTitle: panel.x_title, yTitle: panel.y_title, xTicks: panel.is_log ? decades(...x) : ticks(...x, 5),
      xText: panel.is_log ? powerOfTen : engineering, yText: engineering, label: panel.title});
    panel.curves.forEach((curve, i) => {
      const path = curve.x.map((value, k) => `${k ? "L" : "M"}${toX(turned(value)).toFixed(1)} ${toY(curve.y[k]).toFixed(1)}`).join("");
      svg.append(drawing("path", {d: path, fill: "none", stroke: colour(CURVE_COLOURS[i % CURVE_COLOURS.length]), "stroke-width": i ? 2.2 : 1.6}, drawing("title", {}, curve.label)));
    });
    return captioned(panel.title, svg, key(panel.curves.map((curve, i) => [colour(CURVE_COLOURS[i % CURVE_COLOURS.length]), curve.label])));
  }));
}

// The superposed backbones on a canvas: drag or arrow keys turn, wheel or + and - zoom.
function smoothed(points) {
  // Catmull-Rom pieces between neighbouring Cα atoms; a missing atom or a step above 6 Å breaks the chain.
  const steps = 4, pieces = [];
  const joined = (i) => points[i] && points[i + 1] && Math.hypot(...points[i].map((v, k) => v - points[i + 1][k])) < 6;
  for (let i = 0; i + 1 < points.length; i++) {
    if (!joined(i)) continue;
    const one = points[i], two = points[i + 1];
    const before = i > 0 && joined(i - 1) ? points[i - 1] : one, after = joined(i + 1) ? points[i + 2] : two;
    let last = one;
    for (let s = 1; s <= steps; s++) {
      const t = s / steps, next = one.map((_, k) => 0.5 * (2 * one[k] + (two[k] - before[k]) * t
        + (2 * before[k] - 5 * one[k] + 4 * two[k] - after[k]) * t * t + (3 * one[k] - before[k] - 3 * two[k] + after[k]) * t ** 3));
      pieces.push({from: last, to: next, residue: t <= .5 ? i : i + 1});
      last = next;
    }
  }
  return pieces;
}

const channels = (hexadecimal) => [1, 3, 5].map((start) => parseInt(hexadecimal.slice(start, start + 2), 16));

class StructureView {
  constructor(canvas, marked) {
    this.canvas = canvas;
    this.marked = marked;
    this.turn = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
    this.zoom = 1;
    this.chains = [];
    let held = null;
    canvas.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("pointercancel", () => { held = null; });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      this.rotate((event.clientX - held[0]) * .01, (event.clientY - held[1]) * .01);
      held = [event.clientX, event.clientY];
    });
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.magnify(Math.exp(-event.deltaY * .001)); }, {passive: false});
    canvas.addEventListener("keydown", (event) => {
      const moves = {ArrowLeft: [-.12, 0], ArrowRight: [.12, 0], ArrowUp: [0, -.12], ArrowDown: [0, .12]}, sizes = {"+": 1.1, "=": 1.1, "-": 1 / 1.1};
      if (moves[event.key]) this.rotate(...moves[event.key]);
      else if (sizes[event.key]) this.magnify(sizes[event.key]);
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }
  // chains: [{points, colour: residue => #rrggbb, width, strength}]; the picture is fitted to all of them
  show(chains) {
    this.chains = chains.map((chain) => ({...chain, pieces: smoothed(chain.points)}));
    const all = chains.flatMap((chain) => chain.points.filter(Boolean));
    const far = all.map((point) => Math.hypot(...point)).sort((a, b) => a - b);
    this.radius = far.length ? Math.max(8, far[Math.floor(.985 * (far.length - 1))]) + 3 : 10;
    this.up = Math.max(.8 * this.radius, ...all.map((point) => Math.abs(point[1]) + 3));
    this.across = all.length ? Math.max(8, ...all.map((point) => Math.abs(point[0]))) + 3 : 10;
    this.draw();
  }
  rotate(right, down) {
    const [c, s, d, e] = [Math.cos(right), Math.sin(right), Math.cos(down), Math.sin(down)];
    const step = [[c, 0, s], [e * s, d, -e * c], [-d * s, e, d * c]];
    this.turn = step.map((row) => [0, 1, 2].map((k) => row.reduce((sum, value, j) => sum + value * this.turn[j][k], 0)));
    this.draw();
  }
  magnify(factor) { this.zoom = Math.max(.3, Math.min(12, this.zoom * factor)); this.draw(); }
  draw() {
    const ratio = window.devicePixelRatio || 1, width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !this.chains.length) return;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.clearRect(0, 0, width, height);
    const scale = this.zoom * Math.min(width / 2 / Math.min(this.across, this.radius), height / 2 / this.up);
    const seen = (point) => {
      const [x, y, z] = this.turn.map((row) => row[0] * point[0] + row[1] * point[1] + row[2] * point[2]);
      return [width / 2 + scale * x, height / 2 - scale * y, z];
    };
    const lines = [];
    for (const chain of this.chains) for (const piece of chain.pieces) {
      const from = seen(piece.from), to = seen(piece.to);
      lines.push({from, to, depth: (from[2] + to[2]) / 2, chain, residue: piece.residue});
    }
    lines.sort((first, second) => first.depth - second.depth);
    const back = colour("card"), near = this.radius, paper = channels(back);
    for (const line of lines) {
      const share = Math.max(0, Math.min(1, (line.depth + near) / (2 * near))), thick = Math.max(1.6, Math.min(9, line.chain.width * scale * (.75 + .4 * share)));
      const path = () => { pen.beginPath(); pen.moveTo(line.from[0], line.from[1]); pen.lineTo(line.to[0], line.to[1]); pen.stroke(); };
      pen.lineCap = "butt"; // the rim hides what lies behind, not the neighbours in the chain
      pen.strokeStyle = back;
      pen.lineWidth = thick + 2.4;
      path();
      // Fog is mixed into the colour: half-transparent strokes would show their overlaps as beads.
      pen.strokeStyle = rgb(mix(paper, channels(line.chain.colour(line.residue)), (line.chain.strength || 1) * (.35 + .65 * share)));
      pen.lineWidth = thick;
      pen.lineCap = "round";
      path();
    }
    const at = this.marked();
    if (at !== null) for (const chain of this.chains) {
      if (!chain.points[at]) continue;
      const [x, y] = seen(chain.points[at]);
      pen.beginPath();
      pen.arc(x, y, 7, 0, 2 * Math.PI);
      pen.strokeStyle = colour("ink");
      pen.lineWidth = 2;
      pen.stroke();
    }
  }
}

// Signed difference of Cα distances, model minus target, on a square canvas.
function drawDifferences(canvas, model, target, widest) {
  const size = target.length;
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d"), picture = pen.createImageData(size, size);
  const dark = document.documentElement.dataset.theme === "dark";
  const middle = dark ? [23, 28, 36] : [255, 255, 255], none = dark ? [43, 50, 61] : [223, 227, 234];
  const closer = dark ? [110, 168, 255] : [0, 83, 214], farther = dark ? [255, 154, 102] : [217, 84, 30];
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
    let shade = none;
    if (model[i] && model[j] && target[i] && target[j]) {
      const distance = (points) => Math.hypot(points[i][0] - points[j][0], points[i][1] - points[j][1], points[i][2] - points[j][2]);
      const difference = distance(model) - distance(target);
      shade = mix(middle, difference < 0 ? closer : farther, Math.min(1, Math.abs(difference) / widest));
    }
    picture.data.set([...shade, 255], 4 * (i * size + j));
  }
  pen.putImageData(picture, 0, 0);
  return `linear-gradient(90deg, ${rgb(closer)}, ${rgb(middle)}, ${rgb(farther)})`;
}

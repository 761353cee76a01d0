// The explorer of the report. Points are (x, y) in [-1, 1]²; a warp is {at: x ↦ φ(x), d: x ↦ dφ(x)} with dφ = [a, b, c, d] by rows.
(() => {
  "use strict";
  const root = document.getElementById("explorer");
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const N = data.size, REACH = 0.45, MARGIN = 0.9;
  const axis = Array.from({ length: N }, (_, i) => (2 * i + 1) / N - 1);

  // Families: what a drag from p to q does. Content that was at p is at q afterwards: φ(q) = p.
  const families = {
    "pull a point": (p, q) => {
      let dx = q[0] - p[0], dy = q[1] - p[1];
      const most = 0.85 * REACH * Math.exp(0.5), long = Math.hypot(dx, dy);  // |d| e^(-1/2) / r < 1: it does not fold
      if (long > most) { dx *= most / long; dy *= most / long; }
      const bump = (x, y) => Math.exp(-((x - q[0]) ** 2 + (y - q[1]) ** 2) / (2 * REACH ** 2));
      return {
        at: (x, y) => { const e = bump(x, y); return [x - dx * e, y - dy * e]; },
        d: (x, y) => {
          const e = bump(x, y) / REACH ** 2, ex = e * (x - q[0]), ey = e * (y - q[1]);
          return [1 + dx * ex, dx * ey, dy * ex, 1 + dy * ey];
        },
      };
    },
    "turn": (p, q) => linear(Math.atan2(p[1], p[0]) - Math.atan2(q[1], q[0]), 1),
    "turn and scale": (p, q) => {
      const ratio = Math.max(0.05, Math.hypot(...p)) / Math.max(0.05, Math.hypot(...q));
      return linear(Math.atan2(p[1], p[0]) - Math.atan2(q[1], q[0]), Math.min(3, Math.max(1 / 3, ratio)));
    },
    "shear": (p, q) => {
      const s = Math.max(-2, Math.min(2, (p[0] - q[0]) / (Math.abs(q[1]) < 0.15 ? 0.15 * (Math.sign(q[1]) || 1) : q[1])));
      return { at: (x, y) => [x + s * y, y], d: () => [1, s, 0, 1] };
    },
    "ripple": (p, q) => {
      const a = clamp(q[0] - p[0]), b = clamp(q[1] - p[1]);
      return {
        at: (x, y) => [x - a * Math.sin(Math.PI * y) / Math.PI, y - b * Math.sin(Math.PI * x) / Math.PI],
        d: (x, y) => [1, -a * Math.cos(Math.PI * y), -b * Math.cos(Math.PI * x), 1],
      };
    },
  };
  const clamp = (t) => Math.max(-0.9, Math.min(0.9, t));  // |ab| < 1: det dφ stays positive
  function linear(angle, factor) {
    const c = factor * Math.cos(angle), s = factor * Math.sin(angle);
    return { at: (x, y) => [c * x - s * y, s * x + c * y], d: () => [c, -s, s, c] };
  }
  const identity = { at: (x, y) => [x, y], d: () => [1, 0, 0, 1] };

  // Values of an image at a point, and its Jacobian: rows of colours, columns ∂x, ∂y.
  function look(image, x, y, jac) {
    const w2 = data.window ** 2, envelope = Math.exp(-(x * x + y * y) / (2 * w2));
    const value = [0, 0, 0];
    jac.fill(0);
    image.waves.forEach(([kx, ky], m) => {
      for (let c = 0; c < 3; c++) {
        const turn = Math.PI * (kx * x + ky * y) + image.phase[c][m], a = image.amplitude[c][m];
        const slope = -a * Math.PI * Math.sin(turn);
        value[c] += a * Math.cos(turn);
        jac[2 * c] += slope * kx;
        jac[2 * c + 1] += slope * ky;
      }
    });
    for (let c = 0; c < 3; c++) {
      jac[2 * c] = envelope * (jac[2 * c] - x * value[c] / w2);
      jac[2 * c + 1] = envelope * (jac[2 * c + 1] - y * value[c] / w2);
      value[c] *= envelope;
    }
    return value;
  }

  // U of all channels at a point: taps on J(φ(·)) dφ(·), then log det and its mean over channels taken off.
  const jac = new Float64Array(6), sum = new Float64Array(24);
  function output(taps, image, warp, x, y) {
    const channels = taps[0].w.length;
    sum.fill(0);
    for (const tap of taps) {
      const tx = x + tap.at[0], ty = y + tap.at[1], [px, py] = warp.at(tx, ty), [a, b, c, d] = warp.d(tx, ty);
      look(image, px, py, jac);
      for (let o = 0; o < channels; o++)
        for (let i = 0; i < 3; i++)
          for (let k = 0; k < 3; k++) {
            const w = tap.w[o][i][k], j1 = jac[2 * k], j2 = jac[2 * k + 1];
            sum[6 * o + 2 * i] += w * (j1 * a + j2 * c);
            sum[6 * o + 2 * i + 1] += w * (j1 * b + j2 * d);
          }
    }
    const mean = new Float64Array(6), logs = [];
    for (let o = 0; o < channels; o++) for (let i = 0; i < 6; i++) mean[i] += sum[6 * o + i] / channels;
    for (let o = 0; o < channels; o++) {
      const v = (i) => sum[6 * o + i] - mean[i];
      const nx = v(2) * v(5) - v(4) * v(3), ny = v(4) * v(1) - v(0) * v(5), nz = v(0) * v(3) - v(2) * v(1);
      logs.push(Math.log(nx * nx + ny * ny + nz * nz));
    }
    const level = logs.reduce((s, t) => s + t, 0) / channels;
    return logs.map((t) => t - level);
  }

  const field = (f) => axis.flatMap((y) => axis.map((x) => f(x, y)));
  const square = (u, v) => u.reduce((s, t, c) => s + (t - v[c]) ** 2, 0) / u.length;
  const cache = {};
  function plain(net) {
    return cache[net] ??= data.images.map((image) => field((x, y) => output(data.networks[net], image, identity, x, y)));
  }

  // RMS |U[I∘φ] − U[I]| and RMS |U[I∘φ] − U[I]∘φ| over RMS |U[I] − U[I']|, where x and φ(x) are inside.
  function measure(net, warp) {
    const [still, other] = plain(net), taps = data.networks[net], image = data.images[0];
    const moved = field((x, y) => output(taps, image, warp, x, y));
    const along = field((x, y) => output(taps, image, identity, ...warp.at(x, y)));
    let stays = 0, moves = 0, spread = 0, count = 0;
    axis.forEach((y, i) => axis.forEach((x, j) => {
      const at = N * i + j, [px, py] = warp.at(x, y);
      spread += square(still[at], other[at]) / N ** 2;
      if (Math.max(Math.abs(x), Math.abs(y), Math.abs(px), Math.abs(py)) > MARGIN) return;
      count += 1;
      stays += square(moved[at], still[at]);
      moves += square(moved[at], along[at]);
    }));
    const unit = Math.max(1, count) * spread;
    return { moved, along, invariance: Math.sqrt(stays / unit), equivariance: Math.sqrt(moves / unit) };
  }

  // What is seen.
  const state = { family: "pull a point", net: "DiffCNN, K = 1", from: [-0.35, -0.1], to: [0.05, 0.15], part: 1 };
  const part = (t) => [0, 1].map((k) => state.from[k] + t * (state.to[k] - state.from[k]));
  const warpOf = (t) => families[state.family](state.from, part(t));
  const find = (name) => root.querySelector(`[data-part="${name}"]`);

  function paint(name, colour) {
    const canvas = find(name), context = canvas.getContext("2d"), picture = context.createImageData(N, N);
    for (let i = 0; i < N * N; i++) picture.data.set([...colour(i), 255], 4 * i);
    context.putImageData(picture, 0, 0);
  }
  const grey = (t) => Math.max(0, Math.min(255, Math.round(128 + 60 * t)));
  function diverging(t, reach) {  // brown, white, purple: as in the still figures
    const s = Math.max(-1, Math.min(1, t / reach)), to = s > 0 ? [84, 39, 136] : [179, 88, 6];
    return to.map((c) => Math.round(247 + Math.abs(s) * (c - 247)));
  }
  const exact = (e) => (e < 1e-12 ? "0, to rounding" : e < 0.001 ? e.toExponential(1) : e.toFixed(3));

  function draw() {
    const warp = warpOf(state.part), found = measure(state.net, warp), image = data.images[0];
    const shown = field((x, y) => look(image, ...warp.at(x, y), jac));
    paint("image", (i) => shown[i].map(grey));
    const reach = 3;
    paint("moved", (i) => diverging(found.moved[i][0], reach));
    paint("along", (i) => diverging(found.along[i][0], reach));
    paint("difference", (i) => diverging(found.moved[i][0] - found.along[i][0], reach));
    find("invariance").textContent = exact(found.invariance);
    find("equivariance").textContent = exact(found.equivariance);
    state.found = found;
  }

  // E against the part of the drag: points that show their image when they are pointed at.
  const PARTS = [0.03, 0.06, 0.12, 0.25, 0.5, 1], LOW = -16, HIGH = 0.5;
  function curve() {
    const svg = find("curve"), W = 320, H = 150, left = 42, bottom = 24;
    const x = (t) => left + (W - left - 10) * (Math.log(t / PARTS[0]) / Math.log(1 / PARTS[0]));
    const y = (e) => 8 + (H - bottom - 8) * (HIGH - Math.max(LOW, Math.log10(e || 1e-17))) / (HIGH - LOW);
    const rows = PARTS.map((t) => [t, measure(state.net, warpOf(t))]);
    const text = (at, down, said, more = "") => `<text x="${at}" y="${down}" ${more}>${said}</text>`;
    let inner = [0, -4, -8, -12, -16].map((e) => `<line x1="${left}" x2="${W - 10}" y1="${y(10 ** e)}" y2="${y(10 ** e)}"/>` +
      text(left - 4, y(10 ** e) + 3, `10<tspan dy="-3">${e}</tspan>`, 'text-anchor="end"')).join("");
    inner += PARTS.map((t) => text(x(t), H - 9, t, 'text-anchor="middle"')).join("");
    for (const [kind, colour] of [["invariance", "#D55E00"], ["equivariance", "#0072B2"]]) {
      inner += `<polyline points="${rows.map(([t, m]) => `${x(t)},${y(m[kind])}`).join(" ")}" stroke="${colour}"/>`;
      inner += rows.map(([t, m]) => `<circle cx="${x(t)}" cy="${y(m[kind])}" r="5" fill="${colour}" data-t="${t}" tabindex="0">` +
        `<title>${t} of the drag: E = ${exact(m[kind])}</title></circle>`).join("");
    }
    svg.innerHTML = inner;
    svg.querySelectorAll("circle").forEach((dot) => {
      const t = Number(dot.dataset.t);
      for (const event of ["pointerenter", "focus"]) dot.addEventListener(event, () => { state.part = t; draw(); tell(t); });
      for (const event of ["pointerleave", "blur"]) dot.addEventListener(event, () => { state.part = 1; draw(); tell(); });
    });
  }
  function tell(t) {
    find("told").textContent = t === undefined ? "Drag on the image. Point at a dot of the curve to see its image."
      : `The image and the fields at ${t} of the drag.`;
  }

  function place(event) {
    const box = event.currentTarget.getBoundingClientRect();
    return [2 * (event.clientX - box.left) / box.width - 1, 2 * (event.clientY - box.top) / box.height - 1];
  }
  const canvas = find("image");
  let dragging = false, due = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    dragging = true;
    state.from = state.to = place(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const here = place(event);
    if (dragging) {
      state.to = here;
      cancelAnimationFrame(due);
      due = requestAnimationFrame(draw);
      return;
    }
    const from = warpOf(state.part).at(...here).map((t) => t.toFixed(2)), at = here.map((t) => t.toFixed(2));
    const pixel = N * Math.min(N - 1, Math.floor(N * (here[1] + 1) / 2)) + Math.min(N - 1, Math.floor(N * (here[0] + 1) / 2));
    const [u, v] = [state.found.moved, state.found.along].map((f) => (f[pixel] ?? [NaN])[0].toFixed(3));
    find("told").textContent = `x = (${at}) shows φ(x) = (${from}) of the image; U[I∘φ](x) = ${u}, U[I](φ(x)) = ${v}.`;
  });
  for (const event of ["pointerup", "pointercancel"]) canvas.addEventListener(event, () => {
    dragging = false;
    draw();
    curve();
  });
  for (const [name, choices] of [["family", Object.keys(families)], ["net", Object.keys(data.networks)]]) {
    const select = find(name);
    select.innerHTML = choices.map((choice) => `<option>${choice}</option>`).join("");
    select.addEventListener("change", () => { state[name] = select.value; draw(); curve(); });
  }
  root.hidden = false;
  document.getElementById("explorer-still").hidden = true;
  tell();
  draw();
  curve();
  window.explorer = { state, families, measure, output, identity, data, draw };
})();

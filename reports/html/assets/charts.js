// The charts of a load run, drawn by uPlot from the data in the page.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("load-data").textContent);
  const plots = [];
  const PAPER = 660;
  let printing = false;
  const room = (place) => Math.max(200, printing ? Math.min(PAPER, place.clientWidth) : place.clientWidth);
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const known = (values) => values.some((value) => value !== null);
  const short = (value) => {
    if (value === null || value === undefined) return "–";
    const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0;
    return Number(value.toFixed(digits)).toLocaleString("en-GB");
  };
  const clock = (seconds) => {
    if (seconds < 600) return `${Number(seconds.toFixed(1))} s`;
    const minutes = Math.floor(seconds / 60);
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  };
  const line = (label, values, stroke, more = {}) => ({ label, values, stroke, more });
  const s = data.series;
  const dashed = { dash: [5, 4] };
  const bars = { paths: uPlot.paths.stepped({ align: 1 }) };
  const over = {
    latency: () => [
      line("p50", s.p50, "--c2"), line("p90", s.p90, "--c1"), line("p99", s.p99, "--c3", { width: 2 }), line("max", s.max, "--c5"),
      line("service p50", s.service_p50, "--c2", dashed), line("service p99", s.service_p99, "--c3", dashed),
    ],
    rate: () => [
      line("asked", s.asked, "--c5", { ...bars, width: 2 }), line("achieved", s.achieved, "--c1", { width: 2 }), line("requests", s.requests, "--c2", { scale: "right" }),
    ],
    trouble: () => [
      line("failures", s.failures, "--c3", { ...bars, fill: true }), line("429", s.backpressure, "--c6", { ...bars, fill: true }),
      line("findings", s.findings, "--c4", { ...bars, width: 2, fill: true }),
    ],
    flight: () => [line("in flight", s.in_flight, "--c1", { fill: true }), line("users", s.users, "--c5")],
    generator: () => [
      line("schedule lag p99", s.lag_p99, "--c3"), line("loop delay", s.loop_delay_ms, "--c6"),
      line("processor", s.cpu, "--c2", { scale: "right", width: 2 }),
    ],
  };

  const axis = (more) => ({
    stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 },
    font: "12px system-ui, sans-serif", ...more,
  });
  const faint = (name) => colour(name).replace(/^rgb\(([^)]*)\)$/, "rgba($1, 0.16)");
  const series = (lines) => lines.map(({ label, stroke, more }) => ({
    label, stroke: colour(stroke), width: 1.5, points: { show: false }, value: (_, value) => short(value), spanGaps: false, ...more,
    fill: more.fill ? faint(stroke) : undefined,
  }));
  const positive = (values) => values.map((value) => (value === null || value > 0 ? value : null));

  // Warm-up is shaded and phases are parted by a line, so that no one reads the first for a result.
  const phases = {
    drawClear: (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      for (const [, start, end, measured] of data.phases) {
        if (start === null || end === null) continue;
        const left = plot.valToPos(start, "x", true);
        ctx.fillStyle = colour("--shade");
        if (!measured) ctx.fillRect(left, bbox.top, plot.valToPos(end, "x", true) - left, bbox.height);
        ctx.fillStyle = colour("--line");
        ctx.fillRect(left, bbox.top, 1, bbox.height);
      }
      ctx.restore();
    },
  };
  const linked = uPlot.sync("time");
  const zoom = (source, min, max) => {
    for (const { plot, timed } of plots) {
      const scale = plot && timed && plot !== source ? plot.scales.x : null;
      if (scale && (scale.min !== min || scale.max !== max)) plot.setScale("x", { min, max });
    }
  };
  let following = false;
  const followed = (plot, key) => {
    if (key !== "x" || following) return;
    following = true;
    zoom(plot, plot.scales.x.min, plot.scales.x.max);
    following = false;
  };

  const overTime = (name, logarithmic) => {
    const lines = over[name]().filter(({ values }) => known(values));
    if (!lines.length) return null;
    const values = lines.map((entry) => (logarithmic ? positive(entry.values) : entry.values));
    const right = lines.some(({ more }) => more.scale === "right");
    const least = name === "generator" ? 1 : 0;
    return {
      options: {
        scales: {
          x: { time: false },
          y: logarithmic ? { distr: 3 } : { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] },
          ...(right ? { right: { range: (_, low, high) => [0, Math.max(least, high * 1.08)] } } : {}),
        },
        axes: [
          axis({ values: (_, ticks) => ticks.map(clock), space: 70 }),
          axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))), size: 58 }),
          ...(right ? [axis({ scale: "right", side: 1, grid: { show: false }, size: 52, values: (_, ticks) => ticks.map(short) })] : []),
        ],
        series: [{ label: "second", value: (_, value) => short(value) }, ...series(lines)],
        cursor: { sync: { key: linked.key, setSeries: false }, drag: { x: true, y: false } },
        hooks: { drawClear: [phases.drawClear], setScale: [followed] },
      },
      values: [s.t, ...values],
      alone: !right,
    };
  };

  const distribution = (which, logarithmic) => {
    const given = data.distributions[which].points;
    // The maximum has no place on this axis (1 in 0); it stands a little beyond the rarest percentile that was told.
    const rarest = Math.max(1, ...given.filter((point) => point[0] < 100).map((point) => 100 / (100 - point[0])));
    const points = given.map(([part, response, service]) => [part < 100 ? 100 / (100 - part) : rarest * 2, response, service]);
    const lines = [
      line("response", points.map((point) => point[1]), "--c1", { width: 2, points: { show: true, size: 4 } }),
      line("service", points.map((point) => point[2]), "--c5", dashed),
    ].filter(({ values }) => known(values));
    const percentile = (value) => (value === null || value === undefined ? "" : value > rarest ? "max" : `${Number((100 - 100 / value).toFixed(4))} %`);
    return {
      options: {
        scales: {
          x: { time: false, distr: 3, range: (_, low, high) => [Math.max(1, low), high] },
          y: logarithmic ? { distr: 3 } : { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] },
        },
        axes: [
          axis({
            splits: (_, __, low, high) => [1, 2, 4, 10, 20, 100, 1000, 10000, 100000, 1000000].filter((value) => value >= low && value <= rarest),
            filter: (_, splits) => splits, values: (_, splits) => splits.map(percentile), space: 20,
          }),
          axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))), size: 58 }),
        ],
        series: [{ label: "percentile", value: (_, value) => percentile(value) }, ...series(lines)],
        cursor: { drag: { x: true, y: false } },
      },
      values: [points.map((point) => point[0]), ...lines.map(({ values }) => (logarithmic ? positive(values) : values))],
    };
  };

  const breakpoint = () => {
    const steps = data.steps.filter((step) => step[0] !== null).sort((a, b) => a[0] - b[0]);
    if (!steps.length) return null;
    const at = (met) => steps.map((step) => (step[4] === met ? step[2] : null));
    const dots = (stroke) => ({ paths: () => null, points: { show: true, size: 10, fill: colour(stroke) } });
    const lines = [
      line("p50", steps.map((step) => step[1]), "--c2"), line("p99", steps.map((step) => step[2]), "--c3", { width: 2 }),
      line("p99, objectives met", at(true), "--good", dots("--good")), line("p99, missed", at(false), "--bad", dots("--bad")),
      line("achieved", steps.map((step) => step[3]), "--c1", { ...dashed, scale: "rate" }),
    ].filter(({ values }) => known(values));
    const rates = lines.some(({ more }) => more.scale === "rate");
    return {
      options: {
        scales: { x: { time: false }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] }, ...(rates ? { rate: { range: (_, low, high) => [0, high * 1.08] } } : {}) },
        axes: [
          axis({ values: (_, ticks) => ticks.map((tick) => `${short(tick)}/s`), space: 70 }),
          axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))), size: 58 }),
          ...(rates ? [axis({ scale: "rate", side: 1, grid: { show: false }, size: 62, values: (_, ticks) => ticks.map((tick) => `${short(tick)}/s`) })] : []),
        ],
        series: [{ label: "rate", value: (_, value) => (value === null || value === undefined ? "–" : `${short(value)}/s`) }, ...series(lines)],
        cursor: { drag: { x: true, y: false } },
      },
      values: [steps.map((step) => step[0]), ...lines.map(({ values }) => values)],
    };
  };

  const made = (figure) => {
    const name = figure.dataset.chart;
    const log = figure.querySelector("[name=log]")?.checked ?? false;
    if (name === "breakpoint") return breakpoint();
    if (name === "distribution") return distribution(Number(figure.querySelector("[name=operation]").value), log);
    return overTime(name, log);
  };
  const draw = (entry) => {
    const hidden = entry.plot ? entry.plot.series.filter((one) => !one.show).map((one) => one.label) : [];
    const window_ = entry.plot && entry.timed ? { min: entry.plot.scales.x.min, max: entry.plot.scales.x.max } : null;
    if (entry.plot) {
      linked.unsub(entry.plot);
      entry.plot.destroy();
    }
    const chart = made(entry.figure);
    if (!chart) return;
    const width = room(entry.place);
    const height = width < 500 ? 220 : 260;
    // Charts over time have their seconds below each other, whether or not they have a second axis.
    const beside = chart.alone && width >= 500 ? 70 : 18;
    for (const one of chart.options.series) if (hidden.includes(one.label)) one.show = false;
    entry.plot = new uPlot({ width, height, padding: [8, beside, 0, 0], legend: { live: true, markers: { dash: (plot, number) => (plot.series[number].dash ? "dashed" : "solid") } }, ...chart.options }, chart.values, entry.place);
    if (entry.timed) linked.sub(entry.plot);
    if (window_ && window_.min !== null) entry.plot.setScale("x", window_);
  };
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const name = figure.dataset.chart;
    const entry = { figure, place: figure.querySelector(".plot"), timed: name in over, plot: null };
    plots.push(entry);
    for (const option of figure.querySelectorAll(".chart-option")) option.hidden = false;
    figure.addEventListener("input", () => draw(entry));
    draw(entry);
  }
  for (const help of document.querySelectorAll(".chart-help")) help.hidden = false;
  document.getElementById("unzoom")?.addEventListener("click", () => zoom(null, s.t[0], s.t[s.t.length - 1]));
  // Before the page turns light to be printed, which draws every chart again.
  addEventListener("beforeprint", () => { printing = true; });
  addEventListener("afterprint", () => { printing = false; });
  document.addEventListener("themechange", () => plots.forEach(draw));
  new ResizeObserver(() => {
    for (const { plot, place } of plots) {
      const width = room(place);
      if (plot && plot.width !== width) plot.setSize({ width, height: width < 500 ? 220 : 260 });
    }
  }).observe(document.getElementById("main"));
})();

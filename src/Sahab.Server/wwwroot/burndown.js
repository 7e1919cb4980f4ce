// Draws the burn-down of commitments: what is drawn, what is to come with its band, full use, target and today.
(() => {
  "use strict";

  const DAY = 86400;
  let plots = [];

  function paintNow() {
    const style = getComputedStyle(document.documentElement);
    const of = name => style.getPropertyValue(name).trim();
    return { line: of("--c0"), full: of("--c1"), text: of("--text"), soft: of("--soft"), grid: of("--line"), bad: of("--bad") };
  }

  const SIZES = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];

  function compact(value) {
    if (value === 0) return "0";
    const found = SIZES.find(([size]) => Math.abs(value) >= size);
    return found ? `${+(value / found[0]).toPrecision(3)} ${found[1]}` : `${+value.toPrecision(3)}`;
  }

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function dates(seconds, span) {
    const date = new Date(seconds * 1000);
    const month = MONTHS[date.getUTCMonth()];
    return span > 200 * DAY ? `${month} ${date.getUTCFullYear()}` : `${date.getUTCDate()} ${month}`;
  }

  // Vertical line at today, horizontal line at the target.
  function marks(course, paint, today) {
    return plot => {
      const { ctx, bbox } = plot;
      const stroke = (colour, x0, y0, x1, y1) => {
        ctx.beginPath();
        ctx.strokeStyle = colour;
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.moveTo(x0, y0);
        ctx.lineTo(x1, y1);
        ctx.stroke();
      };
      ctx.save();
      ctx.setLineDash([]);
      const y = plot.valToPos(course.target, "y", true);
      stroke(paint.bad, bbox.left, y, bbox.left + bbox.width, y);
      const x = plot.valToPos(course.today, "x", true);
      if (x >= bbox.left && x <= bbox.left + bbox.width) {
        stroke(paint.soft, x, bbox.top, x, bbox.top + bbox.height);
        ctx.fillStyle = paint.soft;
        ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
        const right = x > bbox.left + bbox.width * .8;
        ctx.textAlign = right ? "right" : "left";
        ctx.fillText(today, x + (right ? -5 : 5) * devicePixelRatio, y + 14 * devicePixelRatio);
      }
      ctx.restore();
    };
  }

  function highest(course) {
    const seen = [course.target, ...course.high, ...course.drawn].filter(value => value !== null);
    return Math.max(...seen) * 1.08 || 1;
  }

  function draw() {
    for (const { plot } of plots) plot.destroy();
    const paint = paintNow();
    const font = "11px system-ui, sans-serif";
    plots = [...document.querySelectorAll(".burndown")].map(host => {
      const course = JSON.parse(host.dataset.course);
      const top = highest(course);
      const span = course.t[course.t.length - 1] - course.t[0];
      const axis = { stroke: paint.soft, font, grid: { stroke: paint.grid, width: 1 }, ticks: { show: false } };
      const line = (stroke, width, dash) => ({ stroke, width, dash, points: { show: false } });
      const plot = new uPlot({
        width: host.clientWidth,
        height: host.clientHeight,
        tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        legend: { show: false },
        cursor: { show: false },
        select: { show: false },
        padding: [10, 22, 0, 0],
        scales: { y: { range: () => [0, top] } },
        axes: [
          { ...axis, grid: { show: false }, size: 26, gap: 4, space: 84, values: (_, ticks) => ticks.map(at => dates(at, span)) },
          { ...axis, size: 60, gap: 4, space: 36, values: (_, ticks) => ticks.map(compact) },
        ],
        bands: [{ series: [5, 4], fill: `${paint.line}33` }],
        series: [
          {},
          line(paint.text, 1.25, [6, 5]),
          line(paint.line, 2.5),
          line(paint.line, 2, [7, 4]),
          line("transparent", 0),
          line("transparent", 0),
          line(paint.full, 2, [2, 4]),
        ],
        hooks: { draw: [marks(course, paint, host.dataset.today)] },
      }, [course.t, course.even, course.drawn, course.forecast, course.low, course.high, course.full], host);
      return { plot, host };
    });
  }

  draw();
  let resized = 0;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => {
      for (const { plot, host } of plots) plot.setSize({ width: host.clientWidth, height: host.clientHeight });
    }, 100);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();

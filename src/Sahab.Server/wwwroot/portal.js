// Keeps a page up to date: takes what the server sends once a second, puts the changed parts in place, draws the charts.
(() => {
  "use strict";

  const main = document.getElementById("main");
  const connection = document.getElementById("connection");
  const MAX_POINTS = 300;
  const HIDDEN_MS = 30000;
  const WAITING_MS = 5000;
  let source = null;
  let hiddenTimer = 0;
  let waitingTimer = 0;
  let wasLive = false;

  // ------------------------------------------------------------------------------------------------ live parts ----

  const keyOf = node => node.nodeType === 1 ? node.id || node.dataset.key || null : null;

  function morph(from, to) {
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
      from.replaceWith(to.cloneNode(true));
      return;
    }
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    if (from.hasAttribute("data-keep")) return;
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    for (const { name } of [...from.attributes]) {
      // Whether something is folded out is the reader's choice.
      if (!to.hasAttribute(name) && !(name === "open" && from.nodeName === "DETAILS")) from.removeAttribute(name);
    }
    morphChildren(from, to);
  }

  function morphChildren(from, to) {
    const keyed = new Map();
    for (const child of from.childNodes) {
      const key = keyOf(child);
      if (key) keyed.set(key, child);
    }
    let here = from.firstChild;
    for (const wanted of to.childNodes) {
      const key = keyOf(wanted);
      let match = key ? keyed.get(key) : null;
      if (!key) {
        match = here && !keyOf(here) ? here : null;
      }
      if (match) {
        if (match === here) {
          here = here.nextSibling;
        } else {
          from.insertBefore(match, here);
        }
        morph(match, wanted);
      } else {
        from.insertBefore(wanted.cloneNode(true), here);
      }
    }
    while (here) {
      const next = here.nextSibling;
      here.remove();
      here = next;
    }
  }

  function show(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const wanted = template.content.querySelector("#live");
    const current = document.getElementById("live");
    if (wanted && current) morph(current, wanted);
  }

  // --------------------------------------------------------------------------------------------------- charts ----

  let points = [];
  let plots = [];
  let drawnFor = "";

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return {
      line: index => style.getPropertyValue(`--c${index % 8}`).trim(),
      text: style.getPropertyValue("--soft").trim(),
      grid: style.getPropertyValue("--line").trim(),
    };
  };

  const compact = value => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1000) return `${+(value / 1000).toPrecision(3)}k`;
    return `${+value.toPrecision(3)}`;
  };

  const clock = seconds => new Date(seconds * 1000).toISOString().slice(11, 19);

  function providersNow() {
    return points.length ? points[points.length - 1].providers : [];
  }

  function dataOf(series, providers) {
    const rows = providers.map(provider => points.map(point => {
      const index = point.providers.indexOf(provider);
      return index < 0 ? null : point[series][index];
    }));
    return [points.map(point => point.t), ...rows];
  }

  function draw() {
    for (const { plot } of plots) plot.destroy();
    plots = [];
    const paint = colours();
    const providers = providersNow();
    const font = "11px system-ui, sans-serif";
    for (const host of document.querySelectorAll(".chart")) {
      const axis = { stroke: paint.text, font, grid: { stroke: paint.grid, width: 1 }, ticks: { show: false } };
      const plot = new uPlot({
        width: host.clientWidth,
        height: host.clientHeight,
        legend: { show: false },
        cursor: { show: false },
        select: { show: false },
        padding: [8, 18, 0, 0],
        scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
        axes: [
          { ...axis, grid: { show: false }, size: 26, gap: 4, space: 90, values: (_, ticks) => ticks.map(clock) },
          { ...axis, size: 48, gap: 4, space: 32, values: (_, ticks) => ticks.map(compact) },
        ],
        series: [{}, ...providers.map((label, index) => ({
          label, stroke: paint.line(index), width: 1.75, spanGaps: false, points: { show: false },
        }))],
      }, dataOf(host.dataset.series, providers), host);
      plots.push({ plot, host });
    }
    drawnFor = providers.join();
  }

  function addPoints(fresh) {
    const newest = points.length ? points[points.length - 1].t : 0;
    points = points.concat(fresh.filter(point => point.t > newest)).slice(-MAX_POINTS);
    if (!document.querySelector(".chart") || !points.length) return;
    if (providersNow().join() !== drawnFor) {
      draw();
      return;
    }
    for (const { plot, host } of plots) plot.setData(dataOf(host.dataset.series, providersNow()));
  }

  // --------------------------------------------------------------------------------------------------- stream ----

  function say(state) {
    connection.dataset.state = state;
    connection.querySelector(".text").textContent = connection.dataset[state];
  }

  function address() {
    if (main.dataset.stream === "deployment") {
      return `/live?deployment=${location.pathname.slice("/deployments/".length)}`;
    }
    if (main.dataset.stream === "map") return "/live?map=1";
    return `/live${location.search}`;
  }

  // Who may not look any more is led to where one signs in, or told; a server that is away for a while comes back.
  async function leaveIfRefused() {
    const asked = new AbortController();
    const answer = await fetch(address(), { headers: { Accept: "text/event-stream" }, signal: asked.signal }).catch(() => null);
    asked.abort();
    if (answer?.status === 401 || answer?.status === 404) location.reload();
  }

  function connect() {
    source?.close();
    source = new EventSource(address());
    source.onmessage = event => {
      clearTimeout(waitingTimer);
      waitingTimer = 0;
      wasLive = true;
      const frame = JSON.parse(event.data);
      show(frame.html);
      addPoints(frame.points);
      say("live");
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) {
        say("lost");
        setTimeout(connect, HIDDEN_MS);
        if (wasLive) leaveIfRefused();
      } else {
        // The server ends each stream after a minute: what goes on at once is not worth a word.
        waitingTimer ||= setTimeout(() => say("waiting"), WAITING_MS);
      }
    };
  }

  const filter = document.getElementById("filter");
  filter?.addEventListener("change", () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(filter)) {
      if (value) query.set(name, value);
    }
    const text = query.toString();
    history.replaceState(null, "", text ? `/?${text}` : "/");
    connect();
  });

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
      hiddenTimer = setTimeout(() => {
        source?.close();
        source = null;
      }, HIDDEN_MS);
    } else if (!source) {
      connect();
    }
  });

  let resized = 0;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => {
      for (const { plot, host } of plots) plot.setSize({ width: host.clientWidth, height: host.clientHeight });
    }, 100);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => points.length && plots.length && draw());

  connect();
})();

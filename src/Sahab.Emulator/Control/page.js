"use strict";
const says = document.getElementById("says");

async function send(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  says.textContent = answer.ok ? "" : (await answer.json()).error.message;
  await refresh();
}

async function refresh() {
  try {
    const live = await (await fetch("live")).json();
    for (const [id, html] of Object.entries(live)) {
      document.getElementById("live-" + id).innerHTML = html;
    }
    document.body.classList.remove("stale");
  } catch {
    says.textContent = "The emulator does not answer.";
  }
}

document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.end) return void send("DELETE", "faults/" + button.dataset.end);
  if (button.dataset.clear) return void send("DELETE", button.dataset.clear);
  const fault = JSON.parse(button.dataset.fault);
  const range = button.closest(".card").querySelector("select").value;
  const seconds = Number(document.getElementById("duration").value);
  const rate = Number(document.getElementById("rate").value);
  void send("POST", "faults", {
    ...fault, rate, ...(range && { region: range }), ...(seconds && { duration_seconds: seconds }),
  });
});

setInterval(refresh, 2000);

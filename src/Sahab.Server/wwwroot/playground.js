// Asks one or two models the same thing and shows what comes, as it comes.
(() => {
  "use strict";

  const form = document.getElementById("playground");
  const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
  let running = null;

  // The events of a stream: what follows "data: " up to an empty line.
  async function* eventsOf(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      let end;
      while ((end = text.indexOf("\n\n")) >= 0) {
        const event = text.slice(0, end);
        text = text.slice(end + 2);
        if (event.startsWith("data: ") && event !== "data: [DONE]") yield JSON.parse(event.slice(6));
      }
    }
  }

  function say(pane, name, text) {
    pane.querySelector(`[data-${name}]`).textContent = text;
  }

  async function ask(pane, model, messages, signal) {
    const started = performance.now();
    const answer = pane.querySelector("[data-answer]");
    answer.textContent = "";
    pane.hidden = false;
    say(pane, "model", model);
    say(pane, "facts", "");
    say(pane, "trouble", "");
    let first = 0;
    const key = encodeURIComponent(form.elements.key.value);
    const response = await fetch(`${form.dataset.base}/keys/${key}/chat/completions`, {
      method: "POST", signal,
      headers: { "Content-Type": "application/json", "X-Sahab-Csrf": csrf },
      body: JSON.stringify({
        model, messages, stream: true, stream_options: { include_usage: true },
        max_completion_tokens: Number(form.elements.tokens.value),
      }),
    });
    if (!response.ok) {
      const problem = await response.json().catch(() => null);
      say(pane, "trouble", problem?.error?.message ?? problem?.detail ?? `${response.status}`);
      return;
    }
    for await (const event of eventsOf(response.body)) {
      if (event.error) say(pane, "trouble", event.error.message);
      const text = event.choices?.[0]?.delta?.content;
      if (text) {
        first ||= performance.now() - started;
        answer.append(text);
      }
      if (event.usage) {
        say(pane, "facts", [
          `${event.usage.prompt_tokens} + ${event.usage.completion_tokens}`, `${Math.round(first)} ms`,
          `${Math.round(performance.now() - started)} ms`, response.headers.get("x-sahab-deployment") ?? "",
        ].join(" · "));
      }
    }
  }

  form.addEventListener("submit", async event => {
    event.preventDefault();
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    const messages = [{ role: "user", content: form.elements.prompt.value }];
    if (form.elements.system.value.trim()) messages.unshift({ role: "system", content: form.elements.system.value });
    const models = [form.elements.model.value, form.elements.other.value].filter(model => model);
    const panes = [...document.querySelectorAll(".answer")];
    for (const pane of panes.slice(models.length)) pane.hidden = true;
    form.querySelector("[data-stop]").hidden = false;
    await Promise.all(models.map((model, index) => ask(panes[index], model, messages, signal).catch(error => {
      if (error.name !== "AbortError") say(panes[index], "trouble", document.body.dataset.noAnswer);
    })));
    // What was asked meanwhile can still be stopped.
    if (running.signal === signal) form.querySelector("[data-stop]").hidden = true;
  });

  form.querySelector("[data-stop]").addEventListener("click", () => running?.abort());
})();

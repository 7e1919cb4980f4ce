// Sends the forms of a page to the control API as JSON, and shows what it answers: nothing here knows what a form is about.
//
//   <form data-api="POST /api/…" data-then="/where/to/{id}">   then: a path, whose {…} are members of the answer; without
//                                                              it the page is loaded anew
//         data-reveals="secret"                                 a member that is shown this once, before going on
//         data-reveals-as="/a/path?with={token}"                 what is shown instead: the address of such a path
//         data-fills="#place"                                   where that is shown, in place of the form, if not on its own
//         data-confirm="Really?"                                asked first
//   <input name="limits.requests_per_minute" data-as="number">  as: number, list (by commas or lines), lines, flag; else a text.
//                                                              What is left empty is left out. numbers (by commas) and each
//                                                              (those checked of all boxes of the name) are empty lists then.
(() => {
  "use strict";

  const csrf = document.querySelector('meta[name="csrf"]')?.content;

  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");

  function valueOf(field) {
    if (field.dataset.as === "flag") return field.type === "checkbox" ? field.checked : field.value === "true";
    const text = field.value.trim();
    if (field.dataset.as === "numbers") return text === "" ? [] : text.split(",").map(Number);
    if (text === "") return undefined;
    if (field.dataset.as === "number") return Number(text);
    if (field.dataset.as === "lines") return text.split("\n").map(line => line.trim()).filter(line => line !== "");
    if (field.dataset.as === "list") return text.split(/[\n,]/).map(part => part.trim()).filter(part => part !== "");
    // A password may begin or end with a blank.
    return field.type === "password" ? field.value : text;
  }

  function bodyOf(form) {
    const body = {};
    for (const field of form.elements) {
      if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
      const value = valueOf(field);
      if (value === undefined) continue;
      const path = field.name.split(".");
      const name = path.pop();
      let place = body;
      for (const part of path) place = place[part] ??= {};
      if (field.dataset.as === "each") {
        place[name] ??= [];
        if (field.checked) place[name].push(value);
      } else {
        place[name] = value;
      }
    }
    return body;
  }

  function tell(form, text, parameter) {
    const output = form.querySelector('[role="alert"]');
    if (output) output.textContent = text;
    for (const field of form.elements) {
      if (!field.name) continue;
      if (parameter && field.name.split(".").at(-1) === parameter.split(".").at(-1)) {
        field.setAttribute("aria-invalid", "true");
        field.focus();
      } else {
        field.removeAttribute("aria-invalid");
      }
    }
  }

  const pathOf = (path, answer) => path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? ""));

  function goOn(form, answer) {
    const then = form.dataset.then;
    if (!then) {
      location.reload();
      return;
    }
    location.assign(pathOf(then, answer));
  }

  function reveal(form, answer, text) {
    const dialog = document.getElementById("reveal");
    dialog.querySelector("code").textContent = text;
    dialog.addEventListener("close", () => goOn(form, answer), { once: true });
    dialog.showModal();
  }

  function fill(form, text) {
    const place = document.querySelector(form.dataset.fills);
    place.textContent = text;
    place.closest("[hidden]").hidden = false;
    form.hidden = true;
  }

  async function send(form) {
    const [method, path] = form.dataset.api.split(" ");
    // The same key until it is known what came of it: what was sent twice is done once.
    const key = form.dataset.key ??= newKey();
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    tell(form, "");
    try {
      const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
      if (csrf) headers["X-Sahab-Csrf"] = csrf;
      const response = await fetch(path, {
        method, headers, body: method === "DELETE" ? undefined : JSON.stringify(bodyOf(form)),
      });
      const answer = response.status === 204 ? null : await response.json().catch(() => null);
      if (!answer?.type?.endsWith("not_finished")) delete form.dataset.key;
      if (answer?.type?.endsWith("session_ended")) {
        // The page leads to where one signs in, and back.
        location.reload();
      } else if (!response.ok) {
        tell(form, answer?.detail ?? `${response.status}`, answer?.parameter);
      } else if (form.dataset.reveals && answer?.[form.dataset.reveals]) {
        const { reveals, revealsAs, fills } = form.dataset;
        if (fills) {
          fill(form, answer[reveals]);
          return;
        }
        reveal(form, answer, revealsAs ? new URL(pathOf(revealsAs, answer), location.href).href : answer[reveals]);
      } else {
        goOn(form, answer);
      }
    } catch {
      tell(form, document.body.dataset.noAnswer);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  document.addEventListener("submit", event => {
    const form = event.target;
    if (!form.dataset.api) return;
    event.preventDefault();
    if (!form.dataset.confirm || confirm(form.dataset.confirm)) send(form);
  });

  document.addEventListener("click", async event => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    await navigator.clipboard?.writeText(document.querySelector(button.dataset.copies).textContent);
    button.textContent = button.dataset.done;
  });
})();

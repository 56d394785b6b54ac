// What was typed survives a lost network, an expired session and a change of language, in this tab only.
// A value comes back only where the server still shows what it showed when the typing began.
const KEPT = "input:not([type=hidden],[type=password],[type=file],[type=radio],[type=checkbox],[autocomplete=off]), textarea, select";
const shown = (field) => {
  if (!(field instanceof HTMLSelectElement)) return field.defaultValue;
  const chosen = [...field.options].find((option) => option.defaultSelected);
  return chosen ? chosen.value : field.options[0]?.value ?? "";
};

// What the server says that it has is forgotten; without such a word it may have been lost on the way.
try {
  const sent = sessionStorage.getItem("kept-sent");
  sessionStorage.removeItem("kept-sent");
  if (sent && document.querySelector(".flash.done, [data-arrived]")) sessionStorage.removeItem(sent);
} catch {
  // storage is closed
}

// On a device that others use too nothing is kept at all.
const keeping = document.documentElement.dataset.shared === undefined;
document.querySelectorAll(keeping ? "form[data-keep]" : "none").forEach((form) => {
  const drawer = `kept:${location.pathname}:${form.getAttribute("action")}`;
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(drawer) || "{}");
  } catch {
    return; // storage is closed: the page works without it
  }
  form.querySelectorAll(KEPT).forEach((field) => {
    const entry = kept[field.name];
    if (!entry || field.multiple) return;
    if (entry.before === shown(field)) {
      field.value = entry.typed;
      field.dispatchEvent(new Event("input"));
    } else {
      delete kept[field.name];
    }
  });
  form.addEventListener("submit", () => {
    try {
      sessionStorage.setItem("kept-sent", drawer);
    } catch {
      // full
    }
  });
  form.addEventListener("input", ({ target }) => {
    if (!target.matches(KEPT) || !target.name || target.multiple) return;
    kept[target.name] = { before: shown(target), typed: target.value };
    try {
      sessionStorage.setItem(drawer, JSON.stringify(kept));
    } catch {
      // full: what is typed is still in the page
    }
  });
});

// Signing out leaves nothing behind on a shared telephone.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-forget]")) return;
  try {
    sessionStorage.clear();
  } catch {
    // nothing was kept
  }
});

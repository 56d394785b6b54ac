// Reading on keys: figures mark the criterion in hand and go to the next, Enter hands in, a letter presses what shows it.
// Only while the focus is inside the region marked data-keys, so that no key surprises elsewhere.
const rubric = () => document.querySelector("form[data-rubric]");
const region = () => document.querySelector("[data-keys]");
const criteria = () => [...document.querySelectorAll("form[data-rubric] [data-criterion]")];
const radios = (criterion) => [...criterion.querySelectorAll("input[type=radio]")];
const chosen = (criterion) => radios(criterion).find((radio) => radio.checked);
const outbox = globalThis.readingOutbox;
const pages = globalThis.readingPages;
const WAIT = 900;
let typed = "";
let typing = 0;
let writing = 0;
let step = 0;

const current = () => {
  const focused = document.activeElement?.closest("[data-criterion]");
  return focused || criteria().find((each) => !chosen(each)) || criteria()[0];
};
const enter = (criterion) => (chosen(criterion) || radios(criterion)[0])?.focus();

// The meaning of the score that is chosen, or that the focus is on.
const explain = (criterion, radio) => {
  const line = criterion.querySelector("[data-anchor]");
  const meaning = radio && criterion.querySelector(`[data-level="${radio.value}"] dd`);
  if (line) line.textContent = meaning ? meaning.textContent : line.dataset.anchor;
};

// On a narrow screen one criterion stands at the foot of the screen at a time, and last what goes with the hand-in.
const toStep = (place) => {
  const form = rubric();
  const all = criteria();
  step = Math.max(0, Math.min(place, all.length));
  all.forEach((each, number) => each.toggleAttribute("data-current", number === step));
  form.toggleAttribute("data-last", step === all.length);
  const said = form.querySelector("[data-step-said]");
  said.textContent = step === all.length ? said.dataset.stepLast : said.dataset.stepSaid.replace("#", step + 1);
};

const fieldsOf = (form) => {
  const fields = Object.fromEntries(new FormData(form));
  delete fields.csrf_token;
  delete fields.version;
  return fields;
};
const entryOf = (form, isHandIn) => ({
  reference: form.dataset.read,
  number: form.dataset.number,
  url: new URL(isHandIn ? form.action : form.dataset.draft, location.href).pathname,
  version: form.elements.version.value,
  fields: fieldsOf(form),
  isHandIn,
});
const hush = () => {
  clearTimeout(writing);
  writing = 0;
};
const keep = () => {
  hush();
  const form = rubric();
  if (!form || !outbox) return;
  pages?.forget(form.dataset.read);
  outbox.put(entryOf(form, false));
};

// What was said of a criterion is over with a mark.
const hear = (criterion) => {
  criterion.classList.remove("invalid");
  criterion.querySelectorAll(".field-error").forEach((each) => each.remove());
};

const choose = (criterion, radio) => {
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  radio.focus();
  const next = criteria()[criteria().indexOf(criterion) + 1];
  toStep(criteria().indexOf(criterion) + 1);
  if (next) enter(next);
  // On a narrow screen the last criterion gives way to the button.
  else if (radio.offsetParent === null) rubric().querySelector("button[type=submit]").focus();
};
const settle = () => {
  clearTimeout(typing);
  const criterion = current();
  const radio = typed && radios(criterion).find((each) => Number(each.value) === Number(typed));
  typed = "";
  if (radio) choose(criterion, radio);
  return Boolean(radio);
};
// A scale beyond 9 takes two figures: the first waits a moment for the second, unless none could follow.
const figure = (digit) => {
  const criterion = current();
  if (!criterion) return false;
  typed += digit;
  const most = Math.max(...radios(criterion).map((each) => Number(each.value)));
  if (typed.length < String(most).length && Number(typed) * 10 <= most) {
    clearTimeout(typing);
    typing = setTimeout(settle, WAIT);
    return true;
  }
  return settle();
};

const counted = (more) => {
  const count = document.querySelector("[data-done]");
  if (count && /^\d+$/.test(count.textContent)) count.textContent = Number(count.textContent) + more;
};
// A hand-in that was shown as done and then was not taken waits again.
const waitsAgain = ({ entry, answer }) => {
  if (!entry.isHandIn || answer.kind === "closed" || !pages?.waitsAgain(entry.reference)) return;
  document.querySelectorAll(`[data-row="${entry.reference}"]`).forEach((row) => { delete row.dataset.handed; });
  counted(-1);
  const undo = document.querySelector("form[data-undo]");
  if (undo?.dataset.undo === entry.reference) undo.hidden = true;
};

// A mark that is missing is said beside its criterion, on this page: without network no other could say it, and what was
// written a moment ago would go with this one.
const sayMissing = () => {
  const form = rubric();
  const lacking = criteria().filter((each) => !chosen(each));
  criteria().forEach(hear);
  lacking.forEach((each) => {
    const said = document.createElement("span");
    said.className = "field-error";
    said.setAttribute("role", "alert");
    const name = each.querySelector("legend").firstChild.textContent.trim();
    said.textContent = form.dataset.lacks.replace("#", name);
    each.classList.add("invalid");
    each.querySelector("legend").after(said);
  });
  if (!lacking.length) return false;
  toStep(criteria().indexOf(lacking[0]));
  radios(lacking[0])[0].focus();
  return true;
};

// While nothing may be handed in yet the marks are kept as a draft, and the next file comes.
const keepAndGoOn = (form) => {
  hush();
  const next = pages?.next();
  if (!outbox || !next) return false;
  const entry = entryOf(form, false);
  if (!pages.show(next)) return false;
  pages.forget(entry.reference);
  outbox.put(entry);
  return true;
};

const handIn = () => {
  const form = rubric();
  if ("unsealed" in form.dataset) return keepAndGoOn(form);
  const isWriting = writing;
  if (outbox && sayMissing()) {
    if (isWriting) keep();
    return true;
  }
  hush();
  const next = pages?.next();
  // Without a next page in memory the page that comes says what there is to say.
  if (!outbox || !next) return false;
  const { read, number } = form.dataset;
  const entry = entryOf(form, true);
  if (!pages.show(next)) return false;
  pages.handedIn(read);
  document.querySelectorAll(`[data-row="${read}"]`).forEach((row) => { row.dataset.handed = ""; });
  counted(1);
  const undo = document.querySelector("form[data-undo]");
  undo.hidden = false;
  undo.dataset.undo = read;
  undo.setAttribute("action", `${new URL(form.action, location.href).pathname}/undo`);
  undo.querySelector("[data-undo-number]").textContent = number;
  outbox.put(entry);
  return true;
};

// What was kept a moment ago arrives before the form does, which rests on it; without network the hand-in waits too.
const settleFirst = async (event) => {
  event.preventDefault();
  const form = event.target;
  await outbox.run();
  if (navigator.onLine && !outbox.waiting(form.dataset.read)) form.submit();
  else outbox.put(entryOf(form, true));
};
// A hand-in that waits is taken back here; one that is on its way arrives first.
const takeBack = async (event) => {
  event.preventDefault();
  const form = event.target;
  if (outbox.take(form.dataset.undo)) location.assign(form.action.replace(/\/undo$/, ""));
  else if ((await outbox.run(), !outbox.waiting(form.dataset.undo))) form.submit();
};
// On a narrow screen a paper lies over the page while the address names it.
const isNarrow = () => matchMedia("(max-width: 74.99rem)").matches;
const openPaper = () => (isNarrow() ? document.querySelector("[data-paper]:target") : null);
const toPaper = () => {
  const papers = [...document.querySelectorAll("[data-paper]")];
  const here = openPaper() || document.activeElement?.closest("[data-paper]");
  const next = papers[papers.indexOf(here) + 1] || papers[0];
  if (!next) return false;
  if (isNarrow()) location.hash = next.id;
  next.focus({ preventScroll: true });
  // Only the pane moves: the criteria stay where they are.
  const pane = next.closest("[data-file]");
  if (!isNarrow()) pane.scrollTop += next.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  return true;
};
const closePaper = () => {
  if (!openPaper()) return false;
  location.hash = "papers";
  region().focus({ preventScroll: true });
  return true;
};
const toComment = () => {
  const box = rubric()?.querySelector("[data-comment]");
  if (box) toStep(criteria().length);
  box?.focus();
  return Boolean(box);
};
// The pages grow, the reader stays at the same one; the browser is told how large they are shown.
const zoom = (isLarge = !region().hasAttribute("data-zoomed")) => {
  const pane = openPaper() || document.querySelector("[data-file]");
  const part = pane ? pane.scrollTop / pane.scrollHeight : 0;
  region().toggleAttribute("data-zoomed", isLarge);
  document.querySelectorAll("[data-paper] img[srcset]").forEach((each) => {
    each.dataset.sizes ||= each.sizes;
    each.sizes = isLarge ? (isNarrow() ? "200vw" : "60rem") : each.dataset.sizes;
  });
  if (pane) pane.scrollTop = part * pane.scrollHeight;
  return true;
};
const press = (letter) => {
  const thing = [...present().querySelectorAll(`[data-key="${CSS.escape(letter)}"]`)].find((each) => each.offsetParent !== null
    || each.type === "checkbox");
  thing?.click();
  return Boolean(thing);
};
const present = () => document.querySelector("[data-cockpit]") || region();
const ACTS = { c: toComment, p: toPaper, z: () => zoom() };

// Letters as they are written, or by their place where the keyboard writes Arabic.
const letterOf = (event) => {
  if (event.key === "?" || event.key === "\u061f") return "?";
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  return /^[\u0600-\u06ff]$/.test(event.key) && /^Key[A-Z]$/.test(event.code) ? event.code.at(-1).toLowerCase() : "";
};

document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (!target.closest?.("[data-keys]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && target.matches("[data-comment]")) {
    const criterion = current();
    toStep(criteria().indexOf(criterion));
    enter(criterion);
    return;
  }
  if (event.key === "Escape" && (closePaper() || (region().hasAttribute("data-zoomed") && zoom(false)))) return;
  if (target.closest("textarea, select, input:not([type=radio], [type=checkbox])")) return;
  const digit = event.key.replace(/^[\u0660-\u0669\u06f0-\u06f9]$/, (key) => String(key.charCodeAt(0) & 15));
  const letter = letterOf(event);
  let used = false;
  if (/^[0-9]$/.test(digit)) used = rubric() ? figure(digit) : false;
  else if (letter) used = ACTS[letter] ? ACTS[letter]() : press(letter);
  else if (event.key === "Enter" && rubric() && !target.closest("a, button, summary")) {
    if (typed) settle();
    else rubric().requestSubmit(rubric().querySelector("button[type=submit]"));
    used = true;
  }
  if (used) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-rubric]")) {
    if (handIn()) event.preventDefault();
    else if (outbox && (!navigator.onLine || outbox.waiting(event.target.dataset.read))) settleFirst(event);
  } else if (event.target.matches("form[data-undo]") && outbox?.waiting(event.target.dataset.undo)) {
    takeBack(event);
  }
});
document.addEventListener("change", (event) => {
  const criterion = event.target.closest("form[data-rubric] [data-criterion]");
  if (criterion) {
    hear(criterion);
    explain(criterion, event.target);
  }
  if (criterion || event.target.matches("form[data-rubric] [type=checkbox]")) keep();
});
document.addEventListener("focusin", (event) => {
  const criterion = event.target.closest?.("form[data-rubric] [data-criterion]");
  if (!criterion) return;
  explain(criterion, chosen(criterion) || event.target.closest("input"));
  if (criteria().indexOf(criterion) !== step) toStep(criteria().indexOf(criterion));
});
document.addEventListener("focusout", (event) => {
  const criterion = event.target.closest?.("form[data-rubric] [data-criterion]");
  if (criterion && !criterion.contains(event.relatedTarget)) explain(criterion, chosen(criterion));
});
document.addEventListener("input", (event) => {
  if (!event.target.matches("form[data-rubric] [data-comment]")) return;
  hush();
  writing = setTimeout(keep, 1500);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) toStep(step + Number(button.dataset.step));
  if (event.target.closest("[data-opens-keys]")) document.getElementById("keys").showModal();
  // A page is a link to its picture; here it grows and shrinks.
  if (event.target.closest("[data-zooms]") && region() && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    zoom();
  }
});
window.addEventListener("hashchange", () => openPaper()?.focus({ preventScroll: true }));

// Marks that wait are shown as they were made, and rest on the version that they were made of: sent as if they rested on
// the page's, they would take what came in between away.
const restore = (form, { fields, version }) => {
  form.elements.version.value = version;
  for (const field of form.elements) {
    if (field.type === "radio") field.checked = fields[field.name] === field.value;
    else if (field.type === "checkbox") field.checked = field.name in fields;
    else if (field.name in fields) field.value = fields[field.name];
  }
};

// The list alone moves: on a telephone it may stand below what is read, and the page would move with it.
const toCurrent = () => {
  const here = document.querySelector(".queue [aria-current]");
  const list = here?.closest(".queue");
  if (!list) return;
  const [its, whole] = [here, list].map((each) => each.getBoundingClientRect());
  list.scrollLeft += its.left + its.width / 2 - whole.left - whole.width / 2;
  if (its.top < whole.top) list.scrollTop += its.top - whole.top;
  else if (its.bottom > whole.bottom) list.scrollTop += its.bottom - whole.bottom;
};

const begin = () => {
  const form = rubric();
  toCurrent();
  if (!form) {
    region()?.focus({ preventScroll: true });
    return;
  }
  // What waits on this device is newer than what the page was made of.
  const waits = outbox?.waiting(form.dataset.read);
  const mark = form.elements.rubric.value;
  // What rests on another rubric is not shown as marks of this one: it is refused, and stands beside.
  if (waits && (waits.fields.rubric ?? mark) === mark) restore(form, waits);
  criteria().forEach((each) => explain(each, chosen(each)));
  toStep(0);
  if (document.querySelector("[data-error-summary]") || !criteria().length) return;
  const first = current();
  toStep(criteria().indexOf(first));
  (chosen(first) || radios(first)[0])?.focus({ preventScroll: true });
};
const tell = (what) => {
  const line = document.querySelector("[data-kept]");
  if (line) line.textContent = line.dataset[what] || "";
  const way = document.querySelector("[data-way-in]");
  if (way) way.hidden = what !== "out";
};
document.addEventListener("reading-shown", begin);
document.addEventListener("reading-kept", () => tell("said"));
document.addEventListener("reading-waits", () => tell("waits"));
document.addEventListener("reading-out", () => tell("out"));
document.addEventListener("reading-clashed", ({ detail }) => waitsAgain(detail));
document.addEventListener("reading-sent", ({ detail }) => {
  const form = rubric();
  if (form?.dataset.read !== detail.entry.reference) return;
  form.elements.version.value = detail.answer.version;
  // Papers that wait for the marks are shown now.
  if (detail.answer.papers && document.querySelector("[data-awaits]")) pages?.papers(detail.entry.reference);
});
if (region()) begin();

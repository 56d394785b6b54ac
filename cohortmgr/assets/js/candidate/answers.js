// Answers are saved as they are typed. Without network or session they are kept on this telephone, but for sealed ones,
// and sent when it is back; of an answer that was changed elsewhere meanwhile, the newer one stays and both are shown.
const DRAWER = "answers:";
const shared = document.documentElement.hasAttribute("data-shared");
const mine = (name, key) => name === key || name.startsWith(`${key}-`);
const stored = (drawer) => {
  try {
    return JSON.parse(localStorage.getItem(drawer) || "null");
  } catch {
    return null;
  }
};
const store = (drawer, held) => {
  try {
    if (held && Object.keys(held.questions).length) localStorage.setItem(drawer, JSON.stringify(held));
    else localStorage.removeItem(drawer);
    return true;
  } catch {
    return false; // storage is closed or full: what was typed is in the page
  }
};
const drawers = () => {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(DRAWER));
  } catch {
    return [];
  }
};
const send = async (url, questions, kept, renewed = false) => {
  const token = document.querySelector("input[name=csrf_token]");
  const body = { keys: Object.keys(questions), fields: {}, seen: {}, kept };
  for (const [key, each] of Object.entries(questions)) {
    Object.assign(body.fields, each.fields);
    if (each.seen) body.seen[key] = each.seen;
  }
  try {
    const answer = await fetch(url, {
      method: "POST",
      keepalive: true,
      redirect: "manual", // to the sign-in: no need to fetch its page
      headers: { "Content-Type": "application/json", "X-CSRFToken": token ? token.value : "" },
      body: JSON.stringify(body),
    });
    if (answer.status === 400) return !renewed && (await renewToken()) ? send(url, questions, kept, true) : "stale";
    if (answer.type === "opaqueredirect" || answer.status === 401) return "ended";
    if (answer.status === 409 || answer.status === 404) return "closed";
    return answer.ok ? await answer.json() : "offline";
  } catch {
    return "offline";
  }
};
const notice = (lines) => {
  const box = document.createElement("div");
  box.className = "notice done";
  box.setAttribute("role", "status");
  const text = box.appendChild(document.createElement("div"));
  lines.forEach((line) => {
    text.appendChild(document.createElement("p")).textContent = line;
  });
  document.getElementById("main").prepend(box);
};

// What a telephone kept goes as soon as any page finds the network and its person again.
const deliver = async () => {
  for (const drawer of drawers()) {
    const held = stored(drawer);
    if (!held || Date.now() - held.at > 14 * 864e5) {
      store(drawer, null);
      continue;
    }
    const answer = await send(held.url, held.questions, true);
    if (typeof answer === "string") continue; // still no network, or somebody else's file
    store(drawer, null);
    const told = Object.entries(answer.errors).map(([where, text]) => {
      const key = Object.keys(answer.labels).find((each) => mine(where, each));
      const typed = Object.values(held.questions[key]?.fields || {}).flat().join(" ");
      return `${answer.labels[key] || ""} : « ${typed} ». ${text}`;
    });
    // A sending that had arrived after all is not worth a word.
    if (answer.changed || (told.length && !held.quiet)) notice([...(answer.changed ? [answer.text] : []), ...told]);
    document.dispatchEvent(new CustomEvent("answers-sent", { detail: answer }));
  }
};

const marks = document.querySelector("[data-answers]");
if (marks) {
  const { form } = marks;
  const line = form.querySelector("[data-saved]");
  const drawer = DRAWER + marks.dataset.reference;
  const secret = JSON.parse(marks.dataset.secret);
  const seen = JSON.parse(marks.value);
  const changed = new Set();
  // Marks of answers that were changed elsewhere: they count once the person has had the time to read it.
  const news = {};
  let errors = {};
  let lost = "";
  let timer;
  let running = Promise.resolve();

  const questionOf = (name) =>
    Object.keys(seen).filter((key) => name && mine(name, key)).sort((one, two) => two.length - one.length)[0];
  const fieldsOf = (key) => {
    const fields = {};
    for (const field of form.elements) {
      if (questionOf(field.name) !== key || field.type === "submit") continue;
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
      (fields[field.name] ||= []).push(field.value);
    }
    return fields;
  };
  const collected = (keys) =>
    Object.fromEntries([...keys].map((key) => [key, { fields: fieldsOf(key), seen: seen[key] }]));
  const keep = (keys, quiet = false) => {
    const open = [...keys].filter((key) => !secret.includes(key));
    if (shared || !open.length) return false;
    const held = stored(drawer) || { questions: {} };
    for (const [key, each] of Object.entries(collected(open))) {
      // Of what was kept before, the first mark stays: it is what the server showed.
      held.questions[key] = { ...each, seen: held.questions[key]?.seen || each.seen };
    }
    return store(drawer, { ...held, quiet, url: marks.dataset.answers, at: Date.now() }) && open.length === keys.size;
  };
  const forget = (keys) => {
    const held = stored(drawer);
    if (!held) return;
    keys.forEach((key) => delete held.questions[key]);
    store(drawer, held);
  };
  const told = (answer) => {
    for (const [key, mark] of Object.entries(answer.seen)) {
      const wrong = Object.keys(answer.errors).some((where) => questionOf(where) === key);
      delete news[key];
      (wrong ? news : seen)[key] = mark;
    }
    marks.value = JSON.stringify(seen);
    errors = Object.fromEntries(Object.entries(errors).filter(([where]) => !(questionOf(where) in answer.seen)));
    Object.assign(errors, answer.errors);
    form.querySelectorAll("[data-live]").forEach((old) => old.remove());
  };
  // What is wrong with a question is said once one leaves it.
  const show = (key) => {
    setTimeout(() => {
      if (key in news) seen[key] = news[key];
      marks.value = JSON.stringify(seen);
    }, 1000);
    for (const [where, text] of Object.entries(errors)) {
      const field = form.elements[where] || form.elements[`${where}-day`] || document.getElementById(where);
      const box = (field?.length && !field.form ? field[0] : field)?.closest?.(".field");
      if (questionOf(where) !== key || !box || box.querySelector("[data-live]")) continue;
      const message = document.createElement("span");
      message.className = "field-error";
      message.dataset.live = "";
      message.setAttribute("role", "alert");
      message.textContent = text;
      (box.querySelector(".hint") || box.querySelector("label, legend")).after(message);
    }
  };
  const save = async () => {
    clearTimeout(timer);
    const keys = new Set(changed);
    if (!keys.size) return;
    changed.clear();
    const answer = await send(marks.dataset.answers, collected(keys), false);
    lost = typeof answer === "string" ? answer : "";
    if (!lost) {
      forget([...keys]);
      told(answer);
      line.textContent = answer.text;
      const active = questionOf(document.activeElement?.name);
      keys.forEach((key) => key !== active && show(key));
      return;
    }
    if (answer === "closed") {
      line.textContent = line.dataset.closed;
      return;
    }
    keys.forEach((key) => changed.add(key));
    const kept = keep(keys);
    const offline = lost === "offline";
    line.textContent = line.dataset[kept ? (offline ? lost : "ended") : offline ? "page" : "open"];
    if (!kept && lost === "stale") lost = "open"; // what this page alone holds is not left
  };
  const queue = () => (running = running.catch(() => {}).then(save));

  const noticed = ({ target }) => {
    const key = questionOf(target.name);
    if (!key || target.type === "file") return;
    changed.add(key);
    clearTimeout(timer);
    timer = setTimeout(queue, 1000);
  };
  form.addEventListener("input", noticed);
  form.addEventListener("change", noticed);
  form.addEventListener("focusout", ({ target, relatedTarget }) => {
    const key = questionOf(target.name);
    // Not under a finger: a line more would move the button away from it, and the next page says the same.
    if (relatedTarget?.type === "submit") return;
    if (key && questionOf(relatedTarget?.name) !== key) running.then(() => show(key));
  });
  // A sending may not arrive: what was not saved yet is kept until a page of the server's says that it was.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!navigator.onLine) {
      event.preventDefault();
      queue();
    } else if (lost === "stale" || lost === "open") {
      event.preventDefault();
      queue().then(() => {
        if (!lost) form.requestSubmit(event.submitter);
        else if (lost === "stale") location = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
      });
    } else if (changed.size) {
      keep(changed, true);
    }
  });
  addEventListener("visibilitychange", () => (document.visibilityState === "hidden" || lost) && queue());
  addEventListener("online", queue);
  document.addEventListener("answers-sent", ({ detail }) => told(detail));
  // Another language: what is typed is saved before the page changes.
  document.querySelectorAll("a[hreflang]").forEach((link) =>
    link.addEventListener("click", (event) => {
      if (!changed.size && navigator.onLine) return;
      event.preventDefault();
      Promise.race([queue(), new Promise((done) => setTimeout(done, 3000))]).then(() => {
        if (navigator.onLine) location = link.href;
      });
    }),
  );
  // What was kept for this very page stands in it again, where the server shows what it showed then.
  for (const [key, each] of Object.entries(stored(drawer)?.questions || {})) {
    if (each.seen !== seen[key]) continue;
    for (const field of form.elements) {
      if (questionOf(field.name) !== key || !(field.name in each.fields || field.type === "checkbox")) continue;
      const texts = each.fields[field.name] || [];
      if (field.type === "radio" || field.type === "checkbox") field.checked = texts.includes(field.value);
      else if (field.type !== "submit" && texts.length) [field.value] = texts;
    }
    form.dispatchEvent(new Event("change"));
  }
}
addEventListener("online", deliver);
if (document.querySelector("form[data-forget]")) deliver();

// Signing out leaves nothing behind.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-forget]")) drawers().forEach((drawer) => store(drawer, null));
});

// Marks on their way to the server: they leave in order, wait on the device while there is no network, and nothing is
// lost in silence. On a shared device they wait in this page alone.
const leaving = document.querySelector("form[data-person]");
if (leaving) {
  const isShared = document.documentElement.dataset.shared !== undefined;
  const drawer = `readings:${leaving.dataset.person}`;
  let held = { entries: [], clashes: [] };
  let timer = 0;
  let running = null;

  const read = () => {
    if (isShared) return held;
    try {
      held = JSON.parse(localStorage.getItem(drawer)) || { entries: [], clashes: [] };
    } catch {
      // storage is closed: what this page holds is still in it
    }
    return held;
  };
  const write = (state) => {
    held = state;
    if (isShared) return;
    try {
      if (state.entries.length || state.clashes.length) localStorage.setItem(drawer, JSON.stringify(state));
      else localStorage.removeItem(drawer);
    } catch {
      // full
    }
  };
  const say = (name, detail = {}) => document.dispatchEvent(new CustomEvent(`reading-${name}`, { detail }));
  const token = () => document.querySelector("input[name=csrf_token]")?.value || "";

  // What became of marks that were not taken, where the status alone says it.
  const KINDS = { 403: "forbidden", 404: "gone", 410: "gone", 413: "large" };

  // What the server says; null without network, or if another answers in its place, as a hotel's gate does; "out" if
  // nobody is signed in any longer.
  const post = async (entry, again = true) => {
    const body = new URLSearchParams({ ...entry.fields, version: entry.version, csrf_token: token() });
    const asked = { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" };
    const answer = await fetch(entry.url, asked).catch(() => null);
    if (!answer || answer.status >= 500 || [408, 425, 429].includes(answer.status)) return null;
    if (answer.type === "opaqueredirect" || answer.status === 401) return "out";
    if (answer.status === 400 && again) return (await globalThis.renewToken()) ? post(entry, false) : "out";
    const isData = (answer.headers.get("Content-Type") || "").includes("json");
    const said = isData ? await answer.json().catch(() => null) : null;
    if (answer.ok) return said?.version ? { ...said, ok: true } : null;
    if (!said || answer.status !== 409) return { ok: false, kind: KINDS[answer.status] || "unknown", status: answer.status };
    if (said.regraded) return { ...said, ok: false, kind: "regraded" };
    const stale = said.open ? "stale" : "closed";
    return { ...said, ok: false, kind: said.stale || said.closed ? stale : "refused" };
  };

  // Marks whose answer was lost on the way may have arrived: what the server has is then this device's own, and those
  // that came after rest on it.
  const isOwn = (entry, answer) => {
    const marks = (scores) => JSON.stringify(Object.entries(scores).map(([key, mark]) => `${key}=${mark}`).sort());
    const sent = (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith("score-"))
      .map(([name, mark]) => [name.slice(6), Number(mark)]));
    return answer.kind === "stale" && (entry.before || []).some((fields) => marks(sent(fields)) === marks(answer.scores)
      && (fields.comment || "").trim() === answer.comment);
  };

  const arrived = (entry, answer) => {
    const state = read();
    state.entries = state.entries.filter((each) => each.id !== entry.id);
    const later = state.entries.filter((each) => each.reference === entry.reference);
    const mine = later.at(-1) || entry;
    if (answer.ok) {
      later.forEach((each) => { each.version = answer.version; });
    } else {
      // Both versions are kept: the newest of this device, and the one that the server has.
      state.entries = state.entries.filter((each) => each.reference !== entry.reference);
      // An earlier clash of the file is part of what this page's form says, if both rest on one version; else it stands.
      state.clashes = state.clashes.filter((each) => each.reference !== entry.reference || each.mine.version !== entry.version);
      state.clashes.push({ id: entry.id, reference: entry.reference, number: entry.number, mine, theirs: answer });
    }
    write(state);
    say(answer.ok ? "sent" : "clashed", { entry: answer.ok ? entry : mine, answer });
  };

  const changed = (entry, values) => {
    const state = read();
    state.entries = state.entries.map((each) => (each.id === entry.id ? { ...each, ...values } : each));
    write(state);
  };
  const drain = async () => {
    for (;;) {
      const entry = read().entries[0];
      if (!entry) return say("kept");
      changed(entry, { isTried: true });
      const answer = await post(entry);
      if (answer === null || answer === "out") {
        timer = setTimeout(run, 15000);
        return say(answer === "out" ? "out" : "waits");
      }
      if (isOwn(entry, answer)) changed(entry, { version: answer.version, before: [] });
      else arrived(entry, answer);
    }
  };
  // One page sends at a time, so that two of them keep the order.
  const run = () => {
    clearTimeout(timer);
    const whole = () => (navigator.locks ? navigator.locks.request(drawer, drain) : drain());
    running ||= whole().finally(() => { running = null; });
    return running;
  };

  globalThis.readingOutbox = {
    put(entry) {
      const state = read();
      // Of marks that have not left yet, the newest say all; the first may be on its way, or have arrived unanswered.
      const older = state.entries.filter((each) => each.reference === entry.reference);
      const before = older.flatMap((each) => [...(each.before || []), ...(each.isTried ? [each.fields] : [])]);
      state.entries = state.entries.filter((each, place) => each.reference !== entry.reference || (running && place === 0));
      state.entries.push({ ...entry, before, id: `${Date.now()}-${Math.random()}` });
      write(state);
      return running ? running.then(run) : run();
    },
    // Takes a hand-in back that has not left: true if nothing of it is on its way. Its marks stay, as a draft.
    take(reference) {
      const state = read();
      const waits = state.entries.findIndex((each) => each.reference === reference && each.isHandIn);
      if (waits < 0 || (running && waits === 0)) return false;
      const { url, ...taken } = state.entries[waits];
      state.entries[waits] = { ...taken, url: `${url}/draft`, isHandIn: false };
      write(state);
      return true;
    },
    settle(clash) {
      const state = read();
      state.clashes = state.clashes.filter((each) => each.reference !== clash.reference || each.id !== clash.id);
      write(state);
    },
    clashes: () => read().clashes,
    waiting: (reference) => read().entries.filter((each) => each.reference === reference).at(-1),
    run,
  };

  // Whoever signs out leaves nothing behind: what waits is sent first.
  document.addEventListener("submit", async (event) => {
    if (!event.target.matches("form[data-forget]")) return;
    const form = event.target;
    if (!read().entries.length && !read().clashes.length) return;
    event.preventDefault();
    await (running ? running.then(run) : run());
    const { entries, clashes } = read();
    if (entries.length + clashes.length) {
      const box = document.getElementById("unsent");
      box.querySelector("[data-unsent]").textContent = new Set([...entries, ...clashes].map((each) => each.reference)).size;
      box.onclose = () => {
        if (box.returnValue !== "leave") return;
        write({ entries: [], clashes: [] });
        form.submit();
      };
      box.showModal();
    } else {
      form.submit();
    }
  });
  window.addEventListener("online", run);
  window.addEventListener("beforeunload", (event) => { if (isShared && held.entries.length) event.preventDefault(); });
  if (read().entries.length) run();
}

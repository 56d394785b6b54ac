// Marks of this device that the server did not take stand on the reader's pages until somebody says what becomes of them:
// each says what happened, and has a way out.
const outbox = globalThis.readingOutbox;
const WITH_BOTH = ["stale", "closed", "regraded"];
const SENT_AGAIN = ["forbidden", "gone", "unknown", "refused"];
const marksOf = (fields) => Object.entries(fields).filter(([name]) => name.startsWith("score-"));
const line = (keys, values, comment) => {
  const marks = keys.map((key) => values[key] ?? "\u2013").join(" \u00b7 ");
  return comment ? `${marks} \u00ab ${comment} \u00bb` : marks;
};

const toClipboard = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // a browser that has none, or may not: what is selected is copied
  }
  const box = document.body.appendChild(document.createElement("textarea"));
  box.value = text;
  box.select();
  const isDone = document.execCommand("copy");
  box.remove();
  return isDone;
};
const sendAgain = (clash, how) => {
  outbox.settle(clash);
  return outbox.put({ ...clash.mine, ...how });
};
const why = (box, { kind = "stale", problems, status }) => {
  const said = box.dataset[kind] || box.dataset.unknown;
  const words = (problems || []).map((each) => each.text).join(" ");
  return words || said.replace("#", status ?? "");
};

const drawn = (template, base, clash) => {
  const { reference, number, mine, theirs } = clash;
  const part = template.content.cloneNode(true);
  const of = (name) => part.querySelector(`[data-clash-${name}]`);
  const own = Object.fromEntries(marksOf(mine.fields).map(([name, value]) => [name.slice(6), value]));
  const keys = [...new Set([...Object.keys(own), ...Object.keys(theirs.scores || {})])];
  const kind = theirs.kind || "stale";
  of("file").href = `${base}/${reference}`;
  of("file").firstChild.textContent = number;
  of("mine").textContent = line(keys, own, mine.fields.comment);
  of("why").textContent = why(of("why"), theirs);
  if (WITH_BOTH.includes(kind) && theirs.scores) of("theirs").textContent = line(keys, theirs.scores, theirs.comment);
  else of("other").remove();
  // Marks of another rubric say something else in this one: they are given anew.
  of("take").hidden = !theirs.open || kind === "regraded";
  of("take").addEventListener("click", async () => {
    await sendAgain(clash, { url: `${base}/${reference}/draft`, version: theirs.version, isHandIn: false });
    location.assign(`${base}/${reference}`);
  });
  of("again").hidden = Boolean(theirs.open) || !SENT_AGAIN.includes(kind);
  of("again").addEventListener("click", () => { sendAgain(clash, {}).then(draw); draw(); });
  of("in").hidden = !["forbidden", "gone"].includes(kind);
  of("copy").addEventListener("click", async ({ currentTarget }) => {
    if (await toClipboard(`${number}: ${line(keys, own, mine.fields.comment)}`)) currentTarget.textContent = currentTarget.dataset.done;
  });
  of("drop").addEventListener("click", () => {
    outbox.settle(clash);
    draw();
  });
  return part;
};
const draw = () => {
  const box = document.querySelector("[data-clashes]");
  const template = document.querySelector("template[data-clash]");
  if (box && outbox) box.replaceChildren(...outbox.clashes().map((each) => drawn(template, box.dataset.base, each)));
};
document.addEventListener("reading-clashed", draw);
document.addEventListener("reading-sent", draw);
document.addEventListener("reading-shown", draw);
draw();

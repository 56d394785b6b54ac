// Marks of this device that the server did not take stand on the reader's pages until somebody says which ones hold.
const outbox = globalThis.readingOutbox;
const marksOf = (fields) => Object.entries(fields).filter(([name]) => name.startsWith("score-"));
const line = (keys, values, comment) => {
  const marks = keys.map((key) => values[key] ?? "\u2013").join(" \u00b7 ");
  return comment ? `${marks} \u00ab ${comment} \u00bb` : marks;
};

const drawn = (template, base, { reference, number, mine, theirs }) => {
  const part = template.content.cloneNode(true);
  const of = (name) => part.querySelector(`[data-clash-${name}]`);
  const own = Object.fromEntries(marksOf(mine.fields).map(([name, value]) => [name.slice(6), value]));
  const keys = [...new Set([...Object.keys(own), ...Object.keys(theirs.scores || {})])];
  of("file").href = `${base}/${reference}`;
  of("file").firstChild.textContent = number;
  of("mine").textContent = line(keys, own, mine.fields.comment);
  if (theirs.stale) of("theirs").textContent = line(keys, theirs.scores, theirs.comment);
  else of("other").remove();
  if (theirs.problems?.length) of("why").textContent = theirs.problems.map((each) => each.text).join(" ");
  of("take").hidden = !theirs.open;
  of("take").addEventListener("click", async () => {
    outbox.settle(reference);
    const url = `${base}/${reference}/draft`;
    await outbox.put({ ...mine, url, version: theirs.version, isHandIn: false });
    location.assign(`${base}/${reference}`);
  });
  of("drop").addEventListener("click", () => {
    outbox.settle(reference);
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
document.addEventListener("reading-shown", draw);
draw();

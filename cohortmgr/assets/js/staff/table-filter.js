// Narrows the rows of a table as one types; accents and case do not count.
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

document.querySelectorAll("input[data-filters]").forEach((box) => {
  const table = document.getElementById(box.dataset.filters);
  if (!table) return;
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).map((row) => [row, plain(row.textContent)]);
  box.addEventListener("input", () => {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    rows.forEach(([row, text]) => {
      row.hidden = !words.every((word) => text.includes(word));
    });
  });
});

// Narrows the rows of a table as one types; accents and case do not count, nor how an Arabic letter or a digit is
// written: as the search of the server has it (base/text.py: fold).
const WRITTEN = { ى: "ي", ی: "ي", ة: "ه", ک: "ك", گ: "ك", ڭ: "ك", ݣ: "ك", ڤ: "ف", پ: "ب", ٱ: "ا", ـ: "", "’": "'" };
const plain = (text) => text
  .normalize("NFKD")
  .replace(/\p{M}/gu, "")
  .replace(/[ىیةکگڭݣڤپٱـ’]/gu, (sign) => WRITTEN[sign])
  .replace(/[٠-٩]/gu, (digit) => String(digit.charCodeAt(0) - 0x660))
  .toLocaleLowerCase();

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

// One box ticks all rows of the page; what acts on those chosen says how many, and waits for the first.
const every = [...document.querySelectorAll("input[data-selects]")];
const boxes = every.length ? [...document.querySelectorAll(`input[type=checkbox][name="${every[0].dataset.selects}"]`)] : [];
const showChosen = () => {
  const chosen = boxes.filter((box) => box.checked).length;
  every.forEach((all) => {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  });
  document.querySelectorAll("[data-selected-number]").forEach((number) => {
    number.textContent = String(chosen);
  });
  document.querySelectorAll("fieldset[data-for-selected]").forEach((acts) => {
    acts.disabled = chosen === 0;
  });
};
every.forEach((all) => {
  all.addEventListener("change", () => {
    boxes.forEach((box) => {
      if (!box.closest("tr")?.hidden) box.checked = all.checked;
    });
    showChosen();
  });
});
if (boxes.length) {
  boxes.forEach((box) => box.addEventListener("change", showChosen));
  // The way back brings ticks with it, after this has run.
  addEventListener("pageshow", showChosen);
  showChosen();
}

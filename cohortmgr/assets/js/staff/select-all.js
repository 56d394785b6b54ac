// One box ticks all rows of the page; the bar says how many are chosen.
document.querySelectorAll("input[data-selects]").forEach((all) => {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${all.dataset.selects}"]`)];
  const number = document.querySelector("[data-selected-number]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    if (number) number.textContent = String(chosen);
  };
  all.addEventListener("change", () => {
    boxes.forEach((box) => {
      if (!box.closest("tr")?.hidden) box.checked = all.checked;
    });
    show();
  });
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});

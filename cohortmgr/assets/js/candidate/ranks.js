// Ranks are exchanged at once by the buttons beside them, or by arrows on these; without this the buttons send the form.
document.querySelectorAll("[data-ranks]").forEach((box) => {
  const note = box.parentElement.querySelector("[data-ranks-note]");
  const lines = [...box.children].map((line) => ({
    field: line.querySelector("select"),
    up: line.querySelector("[data-move=up]"),
    down: line.querySelector("[data-move=down]"),
  }));

  // Ranks have no gaps: nothing goes below one that is empty.
  const tell = () => lines.forEach(({ field, up, down }, place) => {
    up.disabled = !place || !field.value;
    down.disabled = !field.value || !lines[place + 1]?.field.value;
  });

  const move = (event) => {
    const button = event.target.closest("[data-move]");
    const way = event.key ? { ArrowUp: "up", ArrowDown: "down" }[event.key] : button?.dataset.move;
    if (!button || !way) return;
    event.preventDefault();
    const place = lines.findIndex((line) => line.up === button || line.down === button);
    const line = lines[place];
    if (line[way].disabled) return;
    const other = lines[place + (way === "up" ? -1 : 1)];
    [line.field.value, other.field.value] = [other.field.value, line.field.value];
    other.field.dispatchEvent(new Event("change", { bubbles: true }));
    note.textContent = `${other.field.labels[0].textContent} : ${other.field.selectedOptions[0].textContent}`;
    [other[way], other.up, other.down, other.field].find((each) => !each.disabled).focus();
  };
  box.addEventListener("click", move);
  box.addEventListener("keydown", move);
  box.addEventListener("change", tell);
  tell();
});

// Wishes in order. Without scripts each button posts; with them the lines move at once, and the order of the hidden
// fields is the order of the lines.
document.querySelectorAll("[data-wishes]").forEach((list) => {
  const lines = () => [...list.children];
  const note = document.querySelector(list.dataset.wishesNote || "[data-wishes-note]");
  let held = null;

  const tell = (line) => {
    lines().forEach((each, index, all) => {
      each.querySelector("[data-move=up]")?.toggleAttribute("disabled", index === 0);
      each.querySelector("[data-move=down]")?.toggleAttribute("disabled", index === all.length - 1);
    });
    if (line && note) note.textContent = `${line.dataset.name || ""} : ${lines().indexOf(line) + 1} / ${lines().length}`;
  };

  const move = (line, direction) => {
    if (direction === "up") line.previousElementSibling?.before(line);
    else line.nextElementSibling?.after(line);
    tell(line);
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const line = button.closest("li");
    move(line, button.dataset.move);
    (button.disabled ? line.querySelector("[data-move]:not([disabled])") : button)?.focus();
  });

  list.addEventListener("keydown", (event) => {
    const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const button = event.target.closest("[data-move]");
    if (!direction || !button) return;
    event.preventDefault();
    const line = button.closest("li");
    move(line, direction);
    const again = line.querySelector(`[data-move=${direction}]:not([disabled])`) || line.querySelector("[data-move]:not([disabled])");
    again?.focus();
  });

  lines().forEach((line) => {
    line.draggable = true;
    line.addEventListener("dragstart", (event) => {
      held = line;
      line.classList.add("held");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", line.dataset.name || "");
    });
    line.addEventListener("dragend", () => {
      line.classList.remove("held");
      if (held) tell(held);
      held = null;
    });
    line.addEventListener("dragover", (event) => {
      if (!held || held === line) return;
      event.preventDefault();
      const box = line.getBoundingClientRect();
      if (event.clientY < box.y + box.height / 2) line.before(held);
      else line.after(held);
    });
    line.addEventListener("drop", (event) => event.preventDefault());
  });
  tell();
});

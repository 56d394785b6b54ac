// On a phone a row of a list is two lines; a button opens the rest of it.
document.querySelectorAll(".listed .table.cards").forEach((list) => {
  [...list.tBodies].flatMap((body) => [...body.rows]).forEach((row) => {
    const head = row.querySelector("th");
    if (!head || row.cells.length < 3) return;
    const opens = document.createElement("button");
    opens.type = "button";
    opens.className = "row-opens";
    opens.setAttribute("aria-label", `${list.dataset.opens} ${head.textContent.trim()}`);
    opens.setAttribute("aria-expanded", "false");
    opens.addEventListener("click", () => {
      opens.setAttribute("aria-expanded", String(row.classList.toggle("open")));
    });
    head.append(opens);
  });
});

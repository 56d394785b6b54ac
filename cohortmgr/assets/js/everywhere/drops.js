// The language and account menus close when one looks elsewhere, or with Escape.
const drops = [...document.querySelectorAll("details[data-drop]")];

document.addEventListener("click", (event) => {
  drops.forEach((drop) => {
    if (drop.open && !drop.contains(event.target)) drop.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  drops.filter((drop) => drop.open).forEach((drop) => {
    drop.open = false;
    drop.querySelector("summary").focus();
  });
});

// The language and account menus close when one looks elsewhere, or with Escape.
const drops = [...document.querySelectorAll("details[data-drop]")];

// While a menu lies above the page, what it covers in part is out of reach: half a button is no button.
drops.forEach((drop) => {
  drop.addEventListener("toggle", () => {
    document.querySelectorAll("main, .foot").forEach((part) => { part.inert = drops.some((each) => each.open); });
  });
});

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

// Alt and an arrow move the question one is on, by its own buttons; the page comes back to it.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const item = event.target.closest("[data-movable]");
  if (!item) return;
  event.preventDefault();
  item.querySelector(`[data-moves="${event.key === "ArrowUp" ? -1 : 1}"]`)?.click();
});
const moved = /^#[qr]-/.test(location.hash) && document.getElementById(location.hash.slice(1));
if (moved) moved.focus();

// On a phone the navigation unfolds under its button.
document.querySelectorAll("[data-opens]").forEach((button) => {
  const panel = document.getElementById(button.dataset.opens);
  if (!panel) {
    button.hidden = true;
    return;
  }
  const set = (open) => {
    panel.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
    set(false);
    button.focus();
  });
});

// What is wrong takes the focus; its links go to the field and not only near it.
const summary = document.querySelector("[data-error-summary]");
if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const target = field.matches("fieldset") ? field.querySelector("input, select, textarea") || field : field;
    target.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  });
}

// Opens the browser's window for printing, which also keeps a page as a PDF.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.addEventListener("click", () => print());
});

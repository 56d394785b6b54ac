// The button of an irrevocable step waits for the number or the name. The server asks for it too.
const tidy = (text) => text.normalize("NFKC").replace(/\s+/g, " ").trim().toLocaleLowerCase();

document.querySelectorAll("input[data-expected]").forEach((field) => {
  const form = field.form;
  const buttons = [...form.querySelectorAll("button[type=submit]")];
  const same = () => tidy(field.value) === tidy(field.dataset.expected);
  const show = () => buttons.forEach((button) => button.setAttribute("aria-disabled", String(!same())));
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    if (same()) return;
    event.preventDefault();
    field.setAttribute("aria-invalid", "true");
    field.focus();
  });
  show();
});

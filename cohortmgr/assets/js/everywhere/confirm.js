// The button of an irrevocable step waits for the number or the name. The server asks for it too.
// A keyboard in Arabic or Persian gives figures of its own, which the server reads as well.
const western = (text) => text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (figure) => figure.charCodeAt(0) & 15);
const tidy = (text) => western(text).normalize("NFKC").replace(/\s+/g, " ").trim().toLocaleLowerCase();

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

// A file is sent as soon as it is chosen, where its form asks for that.
document.querySelectorAll("form[data-send-on-choice] input[type=file]").forEach((field) => {
  field.addEventListener("change", () => {
    if (field.files.length) field.form.requestSubmit();
  });
});

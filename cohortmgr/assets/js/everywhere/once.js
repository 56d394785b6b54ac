// A second click does nothing twice: a form that is on its way is not sent again.
const release = (form) => {
  delete form.dataset.sending;
  form.querySelectorAll("[aria-disabled][data-held]").forEach((button) => {
    button.removeAttribute("aria-disabled");
    delete button.dataset.held;
  });
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  // After every other listener: one of them may have refused the sending.
  queueMicrotask(() => {
    if (event.defaultPrevented) return;
    form.dataset.sending = "1";
    form.querySelectorAll("button[type=submit]").forEach((button) => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      button.dataset.held = "1";
    });
    // A lost network leaves the page where it is: it may be tried again.
    setTimeout(() => release(form), 15000);
  });
});

// Back from the next page: the form is free again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
});

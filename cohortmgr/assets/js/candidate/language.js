// The language changes in the midst of a form: what was typed goes along, valid or not, for this one way, sealed answers
// too. Without scripts a button of the form sends what it has.
const answersForm = document.querySelector("[data-answers]")?.form;
const TYPED = "input:not([type=hidden],[type=password],[type=file],[type=radio],[type=checkbox]), textarea";
const along = `language:${location.pathname}`;
const taken = (use) => {
  try {
    return use();
  } catch {
    return null; // storage is closed: what was saved is there
  }
};
if (answersForm) {
  document.querySelectorAll("a[data-language]").forEach((link) => link.addEventListener("click", () => {
    const typed = [...answersForm.querySelectorAll(TYPED)].map((field) => [field.name, field.value]);
    taken(() => sessionStorage.setItem(along, JSON.stringify(typed)));
  }));
  const held = taken(() => JSON.parse(sessionStorage.getItem(along) || "[]")) || [];
  taken(() => sessionStorage.removeItem(along));
  for (const [name, value] of held) {
    const field = answersForm.elements[name];
    if (!(field instanceof HTMLElement) || !field.matches(TYPED) || field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

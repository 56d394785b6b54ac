// How many characters are left. The sentence comes from the page, in its language: the number in it is replaced.
document.querySelectorAll("[data-count]").forEach((field) => {
  const note = document.getElementById(`${field.id}-count`);
  if (!note) return;
  const most = Number(field.dataset.count);
  const sentence = note.textContent;
  const numbers = new Intl.NumberFormat(document.documentElement.lang === "ar" ? "ar-MA" : document.documentElement.lang);
  const show = () => {
    const used = [...field.value].length;
    note.textContent = used ? `${numbers.format(used)} / ${numbers.format(most)}` : sentence;
    note.classList.toggle("over", used > most);
  };
  field.addEventListener("input", show);
  show();
});

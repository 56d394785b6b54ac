// How many characters are left. The sentence comes from the page, in its language: the number in it is replaced.
document.querySelectorAll("[data-count]").forEach((field) => {
  const note = document.getElementById(`${field.id}-count`);
  if (!note) return;
  const most = Number(field.dataset.count);
  const sentence = note.textContent;
  // Arabic separates from five digits on, as the page does.
  const { lang } = document.documentElement;
  const numbers = new Intl.NumberFormat(lang === "ar" ? "ar-MA" : lang, { useGrouping: lang === "ar" ? "min2" : true });
  const show = () => {
    const used = [...field.value].length;
    note.textContent = used ? `${numbers.format(used)} / ${numbers.format(most)}` : sentence;
    note.classList.toggle("over", used > most);
  };
  field.addEventListener("input", show);
  show();
});

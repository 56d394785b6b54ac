// Long work: asks how far it is, shows it, and reloads the page when it is done. Slows down while nothing moves.
document.querySelectorAll("[data-progress-url]").forEach((box) => {
  const bar = box.querySelector("progress");
  const number = box.querySelector("[data-progress-number]");
  const text = box.querySelector("[data-progress-text]");
  let wait = 1000;

  const show = (state) => {
    const percentage = Math.round(state.percentage);
    wait = percentage === bar.value ? Math.min(wait * 1.5, 10000) : 1000;
    bar.value = percentage;
    number.textContent = `${percentage} %`;
    if (state.text && state.text !== text.textContent) text.textContent = state.text;
  };

  const ask = async () => {
    try {
      const answer = await fetch(box.dataset.progressUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok) {
        const state = await answer.json();
        show(state);
        if (state.done) {
          location.reload();
          return;
        }
      } else if (answer.status < 500 && answer.status !== 429) {
        return; // gone, or the session ended: asking again would not help
      }
    } catch {
      wait = Math.min(wait * 2, 15000);
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
});

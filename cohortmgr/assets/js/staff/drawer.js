// The drawer at the side is open where there is room beside the page: browsers that cannot say so in their styles.
const drawer = document.querySelector("[data-drawer]");
const isWide = matchMedia("(min-width: 60rem)");
const unfold = () => { drawer.open = isWide.matches; };

if (drawer) {
  unfold();
  isWide.addEventListener("change", unfold);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isWide.matches || !drawer.open || !drawer.contains(document.activeElement)) return;
    drawer.open = false;
    drawer.querySelector("summary").focus();
  });
}

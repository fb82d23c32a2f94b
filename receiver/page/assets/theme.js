// Runs before anything is drawn, so that a dark page does not flash. It is not a module, because modules run later.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
} catch {
  // This browser keeps nothing (kept.js).
}

// Runs before anything is drawn, so that a page in the dark does not flash. Not a module: modules run later.
document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";

// Before the first paint: the theme that was chosen on this machine.
try {
  const theme = localStorage.getItem("taskrunner.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // storage is off: the system's theme it is
}

// A bar that has rows behind it opens them; the same link stands in the legend or in the table below the chart.
document.addEventListener("click", (event) => {
  const part = event.target.closest?.("svg [data-href]");
  if (part) location.assign(part.dataset.href);
});

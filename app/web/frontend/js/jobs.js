// A running job's bar: asks every 2 s, every 5 s after half a minute, and shows the finished page in the end.

const EAGER_MS = 2000;
const CALM_MS = 5000;
const EAGER_FOR_MS = 30000;

for (const box of document.querySelectorAll("[data-job-url]")) watch(box, Date.now());

function watch(box, began) {
  const wait = Date.now() - began > EAGER_FOR_MS ? CALM_MS : EAGER_MS;
  setTimeout(() => look(box, began), wait);
}

async function look(box, began) {
  if (document.hidden) return watch(box, began);
  let job;
  try {
    const answer = await fetch(box.dataset.jobUrl, { headers: { Accept: "application/json" } });
    // Signed out, or the job has gone: a reload says so in words.
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) return location.reload();
    if (!answer.ok) return watch(box, began);
    job = await answer.json();
  } catch {
    return watch(box, began);
  }
  if (job.finished) return location.reload();
  const bar = box.querySelector("progress");
  bar.max = job.total || 1;
  bar.value = job.done || 0;
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const count = box.querySelector("[data-job-count]");
  count.textContent = numbers.format(job.done || 0) + (job.total ? ` / ${numbers.format(job.total)}` : "");
  const state = box.querySelector("[data-job-state]");
  if (job.state_label && state.firstElementChild) state.firstElementChild.textContent = job.state_label;
  watch(box, began);
}

// The pad of a signature: lines drawn by finger, pen or mouse go along with the form as points; the typed name stays.
for (const field of document.querySelectorAll("[data-pad]")) {
  const canvas = field.querySelector("canvas");
  const sent = field.querySelector("input[name=strokes]");
  const [width, height] = field.dataset.pad.split("x").map(Number);
  const pen = canvas.getContext("2d");
  let strokes = [];
  let stroke = null;

  field.hidden = false;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (part, whole) => Math.min(whole, Math.max(0, Math.round(part * whole)));
    return [inside((event.clientX - box.left) / box.width, width), inside((event.clientY - box.top) / box.height, height)];
  };

  const draw = () => {
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    for (const line of strokes) {
      pen.beginPath();
      pen.moveTo(...line[0]);
      for (const point of line.length > 1 ? line.slice(1) : line) pen.lineTo(...point);
      pen.stroke();
    }
    sent.value = strokes.length ? JSON.stringify(strokes) : "";
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    stroke = [place(event)];
    strokes.push(stroke);
    draw();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const point = place(event);
    const last = stroke.at(-1);
    // A hand rests: the same point again says nothing.
    if (point[0] === last[0] && point[1] === last[1]) return;
    stroke.push(point);
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { stroke = null; });
  field.querySelector("[data-pad-clear]").addEventListener("click", () => {
    strokes = [];
    draw();
  });
}

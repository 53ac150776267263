"use strict";

// The bytes of each thumbnail. The browser has measured them: nothing is asked for once more.
function inBytes(count) {
  let unit = "bytes";
  for (const larger of ["kB", "MB"]) {
    if (count < 999.5) break;
    [count, unit] = [count / 1000, larger];
  }
  return `${Number(count.toPrecision(3))} ${unit}`;
}

// Of a large original nearly all is saved: as many digits as tell that some is left.
function saved(bytes, of) {
  const left = 100 * bytes / of;
  return left < 100 ? `, ${left < 1 ? Math.min(100 - left, 99.99).toFixed(2) : Math.round(100 - left)} % saved` : "";
}

function tell(entry) {
  const image = [...document.images].find((one) => one.currentSrc === entry.name);
  const line = image?.closest(".card")?.querySelector(".saved");
  // A refusal is shown as a picture of its message, which says nothing of the original.
  if (!line || !entry.encodedBodySize || entry.responseStatus >= 400) return;
  const kind = entry.contentType?.startsWith("image/") ? entry.contentType.slice(6).toUpperCase() : "";
  // A picture from the browser's own cache tells nothing of the server's time.
  const took = entry.transferSize ? ` in ${Math.round(entry.responseEnd - entry.requestStart)} ms` : "";
  line.textContent = `→ ${inBytes(entry.encodedBodySize)} ${kind}`.trimEnd() + took
    + saved(entry.encodedBodySize, Number(line.dataset.of));
}

new PerformanceObserver((list) => list.getEntries().forEach(tell)).observe({type: "resource", buffered: true});

// sharp, asked as benchmarks/renderers.py asks the others: a job a line, an answer a line.
//
//     node render_sharp.mjs FOLDER    (with FOLDER/node_modules/sharp)

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";

const sharp = createRequire(process.argv[2] + "/")("sharp");
sharp.cache(false);
sharp.concurrency(Number(process.env.VIPS_CONCURRENCY || 0));

const NAMES = { jpg: "jpeg", png: "png", webp: "webp", avif: "avif" };

async function render(job) {
  const lossy = (job.quality ?? null) !== null && job.format !== "png";
  return sharp(job.path)
    .resize(job.width, job.height, { fit: "fill" })
    .toFormat(NAMES[job.format], lossy ? { quality: job.quality } : {})
    .toBuffer();
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  let answer;
  try {
    const data = await render(job);
    const wall = Number(process.hrtime.bigint() - start) / 1e9;
    const used = process.cpuUsage(before);
    answer = { wall, cpu: (used.user + used.system) / 1e6, bytes: data.length };
    if (job.to) writeFileSync(job.to, data);
  } catch (error) {
    answer = { cannot: String(error) };
  }
  console.log(JSON.stringify(answer));
}

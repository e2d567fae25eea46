// As benchmarks/marks.py: lines that say which body started and ended when.
import { appendFileSync } from "node:fs";

export const BODY_MILLISECONDS = 5;

export function leave(path, word, number) {
  appendFileSync(path, `${word} ${number} ${(performance.timeOrigin + performance.now()) / 1000}\n`);
}

import { setTimeout } from "node:timers/promises";
import { BODY_MILLISECONDS, leave } from "../marks.mjs";

export default async ([path, number]) => {
  leave(path, "started", number);
  await setTimeout(BODY_MILLISECONDS);
  leave(path, "ended", number);
};

import { leave } from "../marks.mjs";

export default async ([path, number]) => leave(path, "started", number);

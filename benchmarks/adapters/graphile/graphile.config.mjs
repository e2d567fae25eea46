// What an operator would write. `better` is what the library's page on performance advises for many short tasks.
import { join } from "node:path";

const better = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

export default {
  worker: {
    taskDirectory: join(import.meta.dirname, "tasks"),
    ...(process.env.PEER_SETTING === "better" ? better : {}),
  },
};

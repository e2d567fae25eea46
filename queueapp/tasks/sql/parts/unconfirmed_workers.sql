        -- who may still start a task of queue q, which is paused; over HTTP nobody can since the pause has committed
        SELECT w.id FROM taskrunner_workers w
        WHERE q.paused_at IS NOT NULL AND w.pause_seen < q.pause_seq AND w.stopped_at IS NULL AND w.machine <> 'http'
            AND (w.queues IS NULL OR q.name = ANY (w.queues))
            AND (w.heartbeat_at > taskrunner_clock() - make_interval(secs => %(dead_after)s) OR EXISTS (
                SELECT FROM taskrunner_tasks t WHERE t.status = 'leased' AND t.lease_expires_at > taskrunner_clock()
                    AND t.worker_id = w.id AND t.queue = q.name))

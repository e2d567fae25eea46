-- What became of tasks since a moment, by queue, type and the status that they moved to: how many, and how long they waited
-- (leased) or ran, by bucket; null where nothing was timed. Bucket by bucket, since unnest() takes five times as long.
SELECT queue, type, to_status, sum(moves)::bigint AS moves,
    CASE WHEN count(histogram) > 0 THEN ARRAY[
        sum(histogram[1]), sum(histogram[2]), sum(histogram[3]), sum(histogram[4]), sum(histogram[5]), sum(histogram[6]),
        sum(histogram[7]), sum(histogram[8]), sum(histogram[9]), sum(histogram[10]), sum(histogram[11]), sum(histogram[12]),
        sum(histogram[13]), sum(histogram[14]), sum(histogram[15]), sum(histogram[16]), sum(histogram[17]), sum(histogram[18]),
        sum(histogram[19]), sum(histogram[20]), sum(histogram[21]), sum(histogram[22]), sum(histogram[23]), sum(histogram[24])
    ] END AS times
FROM taskrunner_task_stats
WHERE span_seconds = %(span_seconds)s AND starts_at >= %(since)s
    AND (%(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s)
GROUP BY queue, type, to_status ORDER BY queue, type, to_status

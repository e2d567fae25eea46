-- How many notes its reader may see of each topic.
CREATE VIEW samples_topics WITH (security_invoker = true) AS
SELECT topic, count(*) AS notes FROM samples_samplenote GROUP BY topic;
